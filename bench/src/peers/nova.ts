import { existsSync } from "node:fs";
import { missingProgram } from "./on-path.ts";
import { type PeerSpec, targetOf } from "./peer.ts";
import { spawnPeer } from "./spawned-peer.ts";

/** A process of 30 MiB and several connections each. */
const MAX_SESSIONS = 100;

/** Where a working nova is. */
export interface NovaOptions {
  /** Its nova.conf, with its database and message queue running; null: none. */
  readonly confPath: string | null;
  /** A token in its database, for 127.0.0.1 and the port of `--backend-port`; null: none. */
  readonly token: string | null;
}

/** Nova's own nova-novncproxy, where somebody has set up what it needs. */
export function nova({ confPath, token }: NovaOptions): PeerSpec {
  const spec: PeerSpec = {
    name: "nova",
    protocol: "websocket",
    tls: false,
    maxSessions: MAX_SESSIONS,
    missing() {
      if (confPath === null || token === null) {
        return "needs --nova-conf, --nova-token and --backend-port: see bench/README.md";
      }
      return existsSync(confPath) ? missingProgram("nova-novncproxy") : `${confPath} is not there`;
    },
    start: (surroundings) =>
      spawnPeer(surroundings, ([port]) => ({
        commands: [
          [
            ...(["nova-novncproxy", "--config-file", confPath ?? ""] as const),
            ...["--vnc-novncproxy_host", "127.0.0.1", "--vnc-novncproxy_port", String(port)],
          ],
        ],
        // One token leads to one VNC server: nothing runs beside on another.
        targets: [targetOf(spec, port, [token ?? ""]), targetOf(spec, port, [token ?? ""])],
      })),
  };
  return spec;
}
