import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { existsSync } from "node:fs";
import { openTokenStore } from "@nova-console/token";
import { MANY_SESSIONS, type PeerSpec, type Surroundings, targetOf } from "./peer.ts";
import { spawnPeer } from "./spawned-peer.ts";

const TOKENS = 500;
const TTL_SECONDS = 86_400;

/** One option for nova.conf, as `--set` has it. */
export interface Setting {
  readonly group: string;
  readonly name: string;
  readonly value: string;
}

/** Which of our programs, and how it is set. */
export interface OursOptions {
  readonly name: string;
  readonly port: 6080 | 6081;
  readonly tls: boolean;
  readonly workers: number;
  /** The repository's folder, built. */
  readonly root: string;
  readonly settings: readonly Setting[];
}

/** One of our two proxies, by its bin, on a nova.conf and a token store of its own. */
export function ours(options: OursOptions): PeerSpec {
  const program = options.port === 6080 ? "novncproxy" : "xvpvncproxy";
  const bin = join(options.root, "apps", program, "bin", `nova-${program}.cjs`);
  const spec: PeerSpec = {
    name: options.name,
    protocol: options.port === 6080 ? "websocket" : "xvp",
    tls: options.tls,
    maxSessions: MANY_SESSIONS * options.workers,
    onRequest: options.workers > 1,
    missing: () => (existsSync(bin) ? null : `${bin} is not there`),
    start: (surroundings) =>
      spawnPeer(surroundings, async ([port]) => {
        const confPath = join(surroundings.directory, "nova.conf");
        await writeFile(confPath, novaConf(options, surroundings, port));
        const [first, second] = await mintTokens(spec, surroundings, port);
        return {
          commands: [[process.execPath, bin, "--config-file", confPath]],
          targets: [targetOf(spec, port, first), targetOf(spec, port, second)],
        };
      }),
  };
  return spec;
}

function novaConf(
  { settings, tls, workers }: OursOptions,
  around: Surroundings,
  port: number,
): string {
  const lines = [
    "[DEFAULT]",
    `state_path = ${around.directory}`,
    ...(tls ? [`cert = ${around.pemPath}`, "ssl_only = true"] : []),
    "[vnc]",
    ...["novncproxy", "xvpvncproxy"].flatMap((program) => [
      `${program}_host = 127.0.0.1`,
      `${program}_port = ${port}`,
    ]),
    "[console_proxy]",
    // Few tokens open many consoles here.
    "max_sessions_per_token = 20000",
    // A load process that the machine keeps waiting is not to be taken for a stock viewer.
    "first_word_timeout_ms = 10000",
    // The floors have one process as well.
    `workers = ${workers}`,
    ...settings.flatMap(({ group, name, value }) => [`[${group}]`, `${name} = ${value}`]),
  ];
  return `${lines.join("\n")}\n`;
}

async function mintTokens(
  { protocol, tls }: PeerSpec,
  { directory, backendPorts }: Surroundings,
  port: number,
): Promise<[string[], string[]]> {
  const store = await openTokenStore({
    ...{ connection: null, statePath: directory },
    ...{ now: Date.now, connectTimeoutMs: 5_000 },
  });
  const mint = async (backendPort: number): Promise<string[]> => {
    const request = {
      consoleType: protocol === "websocket" ? "novnc" : "xvpvnc",
      host: "127.0.0.1",
      port: backendPort,
      internalAccessPath: null,
      instanceUuid: randomUUID(),
      accessUrlBase: `${tls ? "https" : "http"}://127.0.0.1:${port}/console`,
      ttlSeconds: TTL_SECONDS,
    };
    const tokens: string[] = [];
    while (tokens.length < TOKENS) tokens.push((await store.authorize(request)).token.reveal());
    return tokens;
  };
  try {
    return [await mint(backendPorts[0]), await mint(backendPorts[1])];
  } finally {
    await store.close();
  }
}
