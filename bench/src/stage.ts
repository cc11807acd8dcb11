import { mkdtemp, rm } from "node:fs/promises";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BackendProcess, LoadProcess } from "./load/load-process.ts";
import type { Figures, Measurement } from "./measurement.ts";
import type { Peer, PeerSpec } from "./peers/peer.ts";
import { readFileSync, writeFileSync } from "node:fs";

/** VNC servers, viewers and the peers that were started so far. */
export class Stage implements AsyncDisposable {
  readonly #directory: string;
  readonly #owned = new AsyncDisposableStack();
  readonly #running = new Map<string, Peer>();
  readonly #load: readonly [LoadProcess, LoadProcess];
  readonly #backends: readonly [BackendProcess, BackendProcess];

  private constructor(
    directory: string,
    load: readonly [LoadProcess, LoadProcess],
    backends: readonly [BackendProcess, BackendProcess],
  ) {
    this.#directory = directory;
    this.#load = load;
    this.#backends = backends;
    this.#owned.defer(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));
    for (const process_ of [...load, ...backends]) this.#owned.use(process_);
  }

  static async create(): Promise<Stage> {
    const directory = await mkdtemp(join(tmpdir(), "nova-console-bench-"));
    makeCertificate(directory);
    const log = join(directory, "load.log");
    const first = await BackendProcess.start(log);
    const second = await BackendProcess.start(log);
    const load = [await LoadProcess.start(log), await LoadProcess.start(log)] as const;
    return new Stage(directory, load, [first, second]);
  }

  /** Runs one measurement of one peer; the peer stays for the next, unless it has to be a fresh one. */
  async run(measurement: Measurement, spec: PeerSpec): Promise<Figures> {
    const [load, secondLoad] = this.#load;
    const peer = measurement.fresh === true ? await this.#start(spec) : await this.#peer(spec);
    try {
      const backendPids = this.#backends.map(({ pid }) => pid);
      return await measurement.run({ spec, peer, load, secondLoad, backendPids });
    } finally {
      await Promise.all(this.#load.map((each) => each.ask("closeAll", null)));
      if (measurement.fresh === true) await peer[Symbol.asyncDispose]();
    }
  }

  async #peer(spec: PeerSpec): Promise<Peer> {
    let peer = this.#running.get(spec.name);
    if (peer === undefined) {
      peer = this.#owned.use(await this.#start(spec));
      this.#running.set(spec.name, peer);
    }
    return peer;
  }

  async #start(spec: PeerSpec): Promise<Peer> {
    const [first, second] = this.#backends;
    return spec.start({
      backendPorts: [first.port, second.port],
      directory: await mkdtemp(join(this.#directory, `${spec.name}-`)),
      pemPath: join(this.#directory, "both.pem"),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}

/** Makes a certificate for 127.0.0.1 and puts it into one file with its key, as HAProxy wants it. */
function makeCertificate(directory: string): void {
  const [key, certificate] = [join(directory, "key.pem"), join(directory, "cert.pem")];
  const made = spawnSync("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"],
    ...["-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
    ...["-keyout", key, "-out", certificate],
  ]);
  if (made.status !== 0) throw new Error(`openssl: ${String(made.error ?? made.stderr)}`);
  const both = readFileSync(key, "utf8") + readFileSync(certificate, "utf8");
  writeFileSync(join(directory, "both.pem"), both, { mode: 0o600 });
}
