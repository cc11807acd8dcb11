import assert from "node:assert/strict";
import { once } from "node:events";
import { chmod, chown, mkdir, readdir, writeFile } from "node:fs/promises";
import type { AddressInfo, Server } from "node:net";
import { hostname } from "node:os";
import { reportOf, runDoctor, type DoctorReport } from "./doctor.ts";
import { freePort } from "./free-port.ts";
import { Installation, tokenOf } from "./installation.ts";
import { encodeNovaConf, type NovaConf } from "./nova-conf.ts";
import { output } from "./run.ts";
import { TempDir } from "./temp-dir.ts";
import { XVncServer } from "./x-vnc-server.ts";

/** A user that every machine has: what the services would run as. */
const USER = "nobody";
/** Of the same, and of its group. */
export const UID = 65_534;
/** `max_connections_per_address`. */
export const MOST_CONNECTIONS = 20;
/** A password that must not be shown. */
export const SECRET = "hunter2";

/** A fault: what nova.conf says of it beside the healthy one's, options of the doctor, and its environment. */
export interface Planted {
  readonly conf?: NovaConf;
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Of the file with `conf`; 0640 if not given. */
  readonly mode?: number;
}

/** A fault, and the id that it has to be found by. */
export type DoctorFault = readonly [
  id: string,
  what: string,
  plant: (at: DoctorHost) => Planted | Promise<Planted>,
];

/** A healthy proxy host, both proxies running, with an instance, and what faults are made of. */
export class DoctorHost implements AsyncDisposable {
  readonly owned: AsyncDisposableStack;
  readonly directory: TempDir;
  readonly novncPort: number;
  /** `[console_proxy] admin_listen` of the nova-novncproxy, which no config file has. */
  readonly adminListen: string;
  readonly compute: XVncServer;
  readonly #confPath: string;
  readonly #token: string;
  #files = 0;

  private constructor(
    owned: AsyncDisposableStack,
    directory: TempDir,
    compute: XVncServer,
    { novncPort, confPath }: Installation,
    { token, adminListen }: { readonly token: string; readonly adminListen: string },
  ) {
    this.owned = owned;
    this.directory = directory;
    this.compute = compute;
    this.novncPort = novncPort;
    this.adminListen = adminListen;
    this.#confPath = confPath;
    this.#token = token;
  }

  static async create(): Promise<DoctorHost> {
    await using owned = new AsyncDisposableStack();
    const directory = owned.use(await TempDir.create());
    const compute = owned.use(await XVncServer.tigervnc());
    const host = owned.use(await Installation.create());
    const base = directory.file("base.conf");
    await chmod(directory.path, 0o755);
    await writeFile(
      base,
      encodeNovaConf({
        // A name that is not loopback to others, as in a cloud.
        vnc: {
          novncproxy_host: "0.0.0.0",
          novncproxy_base_url: `http://${hostname()}:${host.novncPort}/vnc_lite.html`,
          xvpvncproxy_host: "0.0.0.0",
          xvpvncproxy_base_url: `http://${hostname()}:${host.xvpPort}/console`,
        },
        console_proxy: {
          ...{ max_sessions: 100, max_connections_without_token: 100 },
          ...{ max_connections_per_address: MOST_CONNECTIONS, connect_timeout: 2 },
        },
      }),
    );
    const args = ["--config-file", base];
    const adminListen = `127.0.0.1:${await freePort()}`;
    const admin = ["--console_proxy-admin_listen", adminListen];
    await Promise.all([host.startNovncproxy([...args, ...admin]), host.startXvpvncproxy(args)]);
    const token = tokenOf(await host.authorize(compute.endpoint));
    // As the packages have it: state is the service's, configuration root's and readable to it.
    const state = host.directory.path;
    await chown(state, UID, UID);
    for (const name of await readdir(state)) await chown(`${state}/${name}`, UID, UID);
    await Promise.all([base, host.confPath].map((file) => protect(file, 0o640)));
    return new DoctorHost(owned.move(), directory, compute, host, { token, adminListen });
  }

  /** The arguments of a doctor of this host, with a fault. */
  async argsFor({ conf = {}, args = [], mode = 0o640 }: Planted): Promise<string[]> {
    const planted = this.#file("planted.conf");
    await writeFile(planted, encodeNovaConf(conf));
    await protect(planted, mode);
    const configs = [this.#confPath, this.directory.file("base.conf"), planted];
    return [
      ...configs.flatMap((file) => ["--config-file", file]),
      ...["check", "--user", USER, "--json", ...args],
    ];
  }

  /** What the doctor finds of a fault; no secret is in it, and its exit status fits. */
  async diagnose(planted: Planted): Promise<DoctorReport> {
    const outcome = await runDoctor(await this.argsFor(planted), planted.environment ?? {});
    assert.doesNotMatch(outcome.stdout + outcome.stderr, new RegExp(`${SECRET}|${this.#token}`));
    const report = reportOf(outcome);
    assert.equal(outcome.status, report.faults > 0 ? 1 : 0, outcome.stderr);
    return report;
  }

  /** An environment with commands that are found before the machine's own. */
  async commands(scripts: Readonly<Record<string, string>>): Promise<Record<string, string>> {
    const path = this.#file("bin");
    await mkdir(path);
    for (const [name, script] of Object.entries(scripts)) {
      await writeFile(`${path}/${name}`, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    }
    return { PATH: `${path}:${process.env["PATH"] ?? ""}` };
  }

  /** Makes a certificate for a name, and its key. @param start, end - as {@link inDays} has them */
  async certificate(
    name: string,
    start: string,
    end: string,
  ): Promise<{ cert: string; key: string }> {
    const base = this.#file("ca");
    await mkdir(base);
    const [cert, key, request] = [`${base}/cert.pem`, `${base}/key.pem`, `${base}/request.pem`];
    await writeFile(`${base}/index.txt`, "");
    await writeFile(
      `${base}/ca.cnf`,
      `[ca]\ndefault_ca = d\n[d]\nnew_certs_dir = ${base}\ndatabase = ${base}/index.txt\nrand_serial = yes\ndefault_md = sha256\npolicy = p\nx509_extensions = x\n[p]\ncommonName = supplied\n[x]\nsubjectAltName = DNS:${name}\n`,
    );
    await output("openssl", [
      ...["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"],
      ...["-subj", `/CN=${name}`, "-config", "/dev/null", "-keyout", key, "-out", request],
    ]);
    // Of openssl's commands the only one that is told when a certificate begins.
    await output("openssl", [
      ...["ca", "-batch", "-selfsign", "-config", `${base}/ca.cnf`, "-keyfile", key],
      ...["-in", request, "-out", cert, "-notext", "-startdate", start, "-enddate", end],
    ]);
    await Promise.all([cert, key].map((file) => protect(file, 0o640)));
    return { cert, key };
  }

  /** Makes a certificate of an authority of its own, which is not in the file. */
  async signedBy(extension: string): Promise<{ cert: string; key: string }> {
    const base = this.#file("authority");
    await mkdir(base);
    const [ca, caKey, cert, key] = ["ca", "ca-key", "cert", "key"].map((name) => `${base}/${name}`);
    const make = ["req", "-x509", "-newkey", "rsa:2048", "-noenc", "-config", "/dev/null"];
    await output("openssl", [
      ...[...make, "-days", "99", "-subj", "/CN=Intermediate", "-keyout", caKey ?? ""],
      ...["-addext", "basicConstraints=critical,CA:TRUE", "-out", ca ?? ""],
    ]);
    await output("openssl", [
      ...[...make, "-days", "90", "-subj", "/CN=a", "-addext", extension, "-keyout", key ?? ""],
      ...["-CA", ca ?? "", "-CAkey", caKey ?? "", "-out", cert ?? ""],
    ]);
    await Promise.all([cert, key].map((file) => protect(file ?? "", 0o640)));
    return { cert: cert ?? "", key: key ?? "" };
  }

  /** Has a server listen as long as the host is there. @returns its port */
  async listening(server: Server): Promise<number> {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    this.owned.defer(() => {
      server.close();
    });
    return (server.address() as AddressInfo).port;
  }

  #file(name: string): string {
    this.#files += 1;
    return this.directory.file(`${this.#files}-${name}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.owned.disposeAsync();
  }
}

/** `20261125000000Z`, so many days from now. */
export function inDays(days: number): string {
  const time = new Date(Date.now() + days * 86_400_000).toISOString();
  return `${time.replace(/[-:T]/g, "").slice(0, 14)}Z`;
}

/** Root's, and readable to the service's group. */
async function protect(file: string, mode: number): Promise<void> {
  await chown(file, 0, UID);
  await chmod(file, mode);
}
