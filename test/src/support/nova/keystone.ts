import { mkdir, rm, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { Child } from "../child.ts";
import { freePort } from "../free-port.ts";
import { encodeNovaConf } from "../nova-conf.ts";
import { output } from "../run.ts";
import { accepting } from "../tcp.ts";
import { TempDir } from "../temp-dir.ts";

const MANAGE = "/usr/bin/keystone-manage";
const PUBLIC = "/usr/bin/keystone-wsgi-public";
export const REGION = "RegionOne";
const DOMAIN = { id: "default" };

/** What Keystone knows of a login: its X-Subject-Token, and who it is. */
interface Login {
  readonly text: string;
  readonly token: {
    readonly user: { readonly id: string };
    readonly project: { readonly id: string };
    readonly roles: readonly { readonly id: string; readonly name: string }[];
  };
}

/** A user with a password, in the project `admin` of the domain `default`. */
export interface KeystoneUser {
  readonly username: string;
  readonly password: string;
}

/** OpenStack's own Keystone on SQLite, gone with its scope. */
export class Keystone implements AsyncDisposable {
  /** With /v3. */
  readonly url: string;
  readonly admin: KeystoneUser = { username: "admin", password: "admin's password" };
  readonly #confPath: string;
  readonly #keys: string;
  readonly #owned: AsyncDisposableStack;

  private constructor(port: number, directory: TempDir, owned: AsyncDisposableStack) {
    this.url = `http://127.0.0.1:${port}/v3`;
    this.#confPath = directory.file("keystone.conf");
    this.#keys = directory.file("fernet");
    this.#owned = owned;
  }

  /** Starts it: some ten seconds. */
  static async start(): Promise<Keystone> {
    await using owned = new AsyncDisposableStack();
    const directory = owned.use(await TempDir.create());
    const port = await freePort();
    const keystone = new Keystone(port, directory, owned);
    const conf = encodeNovaConf({
      DEFAULT: { log_file: directory.file("keystone.log") },
      database: { connection: `sqlite:///${directory.file("keystone.sqlite")}` },
      fernet_tokens: { key_repository: keystone.#keys },
      credential: { key_repository: directory.file("credential") },
      cache: { enabled: "false" },
    });
    await writeFile(keystone.#confPath, conf);
    await keystone.#manage("db_sync");
    await keystone.forgetTokens();
    await keystone.#manage(
      ...["bootstrap", "--bootstrap-password", keystone.admin.password],
      ...["--bootstrap-region-id", REGION, "--bootstrap-public-url", keystone.url],
      ...["--bootstrap-internal-url", keystone.url],
    );
    const args = ["--host", "127.0.0.1", "--port", String(port)];
    const environment = { OS_KEYSTONE_CONFIG_FILES: keystone.#confPath };
    const child = owned.use(await Child.start(PUBLIC, args, environment));
    await accepting(child, { host: "127.0.0.1", port });
    return new Keystone(port, directory, owned.move());
  }

  /** Makes new keys: no token that it has given out is worth anything from now on. */
  async forgetTokens(): Promise<void> {
    await rm(this.#keys, { recursive: true, force: true });
    await mkdir(this.#keys, { mode: 0o700 });
    const group = (await output("id", ["-gn"])).toString().trim();
    const owner = ["--keystone-user", userInfo().username, "--keystone-group", group];
    await this.#manage("fernet_setup", ...owner);
  }

  /** Makes a user. @param role - of those that Keystone begins with */
  async createUser(user: KeystoneUser, role: "admin" | "member"): Promise<void> {
    const { text, token } = await this.#logIn(this.admin);
    const { username: name, password } = user;
    const made = (await this.#post("/users", { user: { name, password } }, text)) as {
      user: { id: string };
    };
    const roleId = token.roles.find((each) => each.name === role)?.id ?? "";
    const path = `/projects/${token.project.id}/users/${made.user.id}/roles/${roleId}`;
    await this.#request("PUT", path, undefined, text);
  }

  /** Makes an application credential with all of a user's roles. */
  async createApplicationCredential(user: KeystoneUser): Promise<{ id: string; secret: string }> {
    const { text, token } = await this.#logIn(user);
    const path = `/users/${token.user.id}/application_credentials`;
    const made = await this.#post(path, { application_credential: { name: "proxy" } }, text);
    return (made as { application_credential: { id: string; secret: string } })
      .application_credential;
  }

  /** Writes a service into the catalogue. */
  async addEndpoint(type: string, url: string): Promise<void> {
    const { text } = await this.#logIn(this.admin);
    const { service } = (await this.#post(
      "/services",
      { service: { type, name: type } },
      text,
    )) as {
      service: { id: string };
    };
    const endpoint = { service_id: service.id, interface: "internal", url, region_id: REGION };
    await this.#post("/endpoints", { endpoint }, text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }

  async #logIn({ username, password }: KeystoneUser): Promise<Login> {
    const user = { name: username, domain: DOMAIN, password };
    const auth = {
      identity: { methods: ["password"], password: { user } },
      scope: { project: { name: "admin", domain: DOMAIN } },
    };
    const answer = await this.#request("POST", "/auth/tokens", { auth });
    const { token } = (await answer.json()) as Login;
    return { token, text: answer.headers.get("x-subject-token") ?? "" };
  }

  async #post(path: string, body: unknown, login: string): Promise<unknown> {
    return (await this.#request("POST", path, body, login)).json();
  }

  async #request(method: string, path: string, body: unknown, login?: string): Promise<Response> {
    const headers = {
      "content-type": "application/json",
      ...(login === undefined ? {} : { "x-auth-token": login }),
    };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await fetch(`${this.url}${path}`, { method, headers, ...sent });
    if (answer.ok) return answer;
    throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  }

  async #manage(...args: readonly string[]): Promise<void> {
    await output(MANAGE, ["--config-file", this.#confPath, ...args]);
  }
}
