import { fileURLToPath } from "node:url";
import { MANY_SESSIONS, type PeerSpec, targetOf } from "./peer.ts";
import { spawnPeer } from "./spawned-peer.ts";

/** The least that Node programs without tokens, bounds and deadlines can be. */
export const floors: readonly PeerSpec[] = [
  floor("node-ws", "ws-to-net.ts", "websocket", false),
  floor("node-net", "pipe-to-net.ts", "rfb", false),
  floor("node-tls", "pipe-to-net.ts", "rfb", true),
];

function floor(name: string, file: string, protocol: "rfb" | "websocket", tls: boolean): PeerSpec {
  const path = fileURLToPath(new URL(`../floors/${file}`, import.meta.url));
  const spec: PeerSpec = {
    name,
    protocol,
    tls,
    maxSessions: MANY_SESSIONS,
    missing: () => null,
    start: (surroundings) =>
      spawnPeer(surroundings, ([first, second]) => {
        const [firstBackend, secondBackend] = surroundings.backendPorts;
        const pairs = [`${first}:${firstBackend}`, `${second}:${secondBackend}`];
        const pem = tls ? [surroundings.pemPath] : protocol === "rfb" ? ["-"] : [];
        return {
          commands: [[process.execPath, path, ...pem, ...pairs]],
          targets: [targetOf(spec, first), targetOf(spec, second)],
        };
      }),
  };
  return spec;
}
