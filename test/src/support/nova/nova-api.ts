import { writeFile } from "node:fs/promises";
import { Child } from "../child.ts";
import { freePort } from "../free-port.ts";
import { encodeNovaConf, mergeNovaConf, type NovaConf } from "../nova-conf.ts";
import { LoopbackServer } from "../loopback-server.ts";
import { output } from "../run.ts";
import { accepting } from "../tcp.ts";
import { TempDir } from "../temp-dir.ts";
import type { Endpoint } from "../vnc-server.ts";
import { Keystone, type KeystoneUser } from "./keystone.ts";
import { NovaCompute } from "./nova-compute.ts";

const MANAGE = "/usr/bin/nova-manage";
const API = "/usr/bin/nova-api-wsgi";
/** Debian's, which is nova's. */
const PASTE = "/usr/share/nova-common/api-paste.ini";

/** What Neutron says of the ports of each instance that nova's API shows. */
const NO_PORTS = [
  ...["HTTP/1.1 200 OK", "Content-Type: application/json", "Connection: close"],
  "",
  JSON.stringify({ ports: [], security_groups: [] }),
].join("\r\n");

/**
 * OpenStack's own Keystone, and nova's API that asks it, with one cell on SQLite where nova's own code
 * mints tokens. Gone with its scope.
 */
export class NovaApi implements AsyncDisposable {
  /** With /v2.1. */
  readonly url: string;
  readonly keystone: Keystone;
  /** What mints the tokens, and says where instances are. */
  readonly compute: NovaCompute;
  readonly #owned: AsyncDisposableStack;

  private constructor(
    url: string,
    keystone: Keystone,
    compute: NovaCompute,
    owned: AsyncDisposableStack,
  ) {
    this.url = url;
    this.keystone = keystone;
    this.compute = compute;
    this.#owned = owned;
  }

  /** Starts all of it: some twenty seconds. */
  static async start(): Promise<NovaApi> {
    await using owned = new AsyncDisposableStack();
    const directory = owned.use(await TempDir.create());
    const creating = createCell(directory);
    // Heard of below, once there is a Keystone to end.
    creating.catch(() => undefined);
    const keystone = owned.use(await Keystone.start());
    const cell = await creating;
    const confPath = directory.file("nova.conf");
    const neutron = owned.use(await LoopbackServer.answering(NO_PORTS));
    const conf = mergeNovaConf(cell, {
      neutron: { endpoint_override: `http://127.0.0.1:${neutron.port}` },
      keystone_authtoken: {
        ...keystoneOptions(keystone, keystone.admin),
        // Keystone is asked each time, so that a test can make it change its mind.
        token_cache_time: -1,
      },
    });
    await writeFile(confPath, encodeNovaConf(conf));
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/v2.1`;
    await keystone.addEndpoint("compute", url);
    const environment = { OS_NOVA_CONFIG_FILES: `${PASTE};${confPath}` };
    const args = ["--host", "127.0.0.1", "--port", String(port)];
    const child = owned.use(await Child.start(API, args, environment));
    const compute = owned.use(await NovaCompute.start(confPath));
    await accepting(child, { host: "127.0.0.1", port });
    return new NovaApi(url, keystone, compute, owned.move());
  }

  /** Makes an instance whose VNC server is there. @returns a token for its console */
  authorize(endpoint: Endpoint, ttl = 600): Promise<string> {
    return this.compute.authorize({
      ...endpoint,
      console_type: "novnc",
      access_url_base: "http://127.0.0.1:6080/vnc_lite.html",
      internal_access_path: null,
      ttl,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}

/** Makes nova's databases. @returns what nova.conf says of them */
async function createCell(directory: TempDir): Promise<NovaConf> {
  const database = (name: string): string => `sqlite:///${directory.file(`${name}.sqlite`)}`;
  const conf: NovaConf = {
    DEFAULT: {
      state_path: directory.path,
      log_file: directory.file("nova.log"),
      // Nobody is called: tokens are all that there is.
      transport_url: "fake://",
    },
    database: { connection: database("cell1") },
    api_database: { connection: database("api") },
  };
  const confPath = directory.file("cell.conf");
  await writeFile(confPath, encodeNovaConf(conf));
  for (const args of [
    ["api_db", "sync"],
    ["cell_v2", "map_cell0", "--database_connection", database("cell0")],
    ["db", "sync", "--local_cell"],
    ["cell_v2", "create_cell", "--name", "cell1"],
  ]) {
    await output(MANAGE, ["--config-file", confPath, ...args]);
  }
  return conf;
}

/** What nova.conf says in a group that logs in with a password. */
export function keystoneOptions(
  { url }: Keystone,
  { username, password }: KeystoneUser,
): Record<string, string> {
  return {
    auth_type: "password",
    auth_url: url,
    username,
    password,
    project_name: "admin",
    user_domain_name: "Default",
    project_domain_name: "Default",
  };
}
