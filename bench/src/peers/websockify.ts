import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { missingProgram } from "./on-path.ts";
import { type PeerSpec, targetOf } from "./peer.ts";
import { spawnPeer } from "./spawned-peer.ts";

/** A process of several MiB each. */
const MAX_SESSIONS = 500;

/** Debian's websockify, tokens in a file of two lines. */
export function websockify(name: string, tls: boolean): PeerSpec {
  const spec: PeerSpec = {
    name,
    protocol: "websocket",
    tls,
    maxSessions: MAX_SESSIONS,
    missing: () => missingProgram("websockify"),
    start: (surroundings) =>
      spawnPeer(surroundings, async ([port]) => {
        const { backendPorts, directory, pemPath } = surroundings;
        const file = join(directory, "tokens");
        const lines = backendPorts.map((each, index) => `token${index}: 127.0.0.1:${each}\n`);
        await writeFile(file, lines.join(""));
        const tokens = ["--token-plugin", "TokenFile", "--token-source", file];
        const certificate = tls ? ["--cert", pemPath, "--ssl-only"] : [];
        return {
          // Not what a user's own Python may have under that name.
          commands: [["/usr/bin/websockify", ...tokens, ...certificate, `127.0.0.1:${port}`]],
          targets: [targetOf(spec, port, ["token0"]), targetOf(spec, port, ["token1"])],
        };
      }),
  };
  return spec;
}
