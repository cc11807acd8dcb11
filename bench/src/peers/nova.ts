import { NovaCell } from "@nova-console/test/nova";
import { missingProgram } from "./on-path.ts";
import { type PeerSpec, targetOf } from "./peer.ts";
import { spawnPeer } from "./spawned-peer.ts";

/** A process of 30 MiB and several connections each. */
const MAX_SESSIONS = 100;
/** Debian's; ours has the same name and may come first on the path. */
const PROGRAM = "/usr/bin/nova-novncproxy";
const NEEDED = [PROGRAM, "mariadbd", "/usr/lib/rabbitmq/bin/rabbitmq-server"];

/**
 * Nova's own nova-novncproxy, in a cell of its own. What database, message queue and compute service
 * do for it is not counted: only its own processes are.
 */
export const nova: PeerSpec = {
  name: "nova",
  protocol: "websocket",
  tls: false,
  maxSessions: MAX_SESSIONS,
  missing: () => NEEDED.map(missingProgram).find((missing) => missing !== null) ?? null,
  async start(surroundings) {
    await using owned = new AsyncDisposableStack();
    const cell = owned.use(await NovaCell.start());
    const [first, second] = surroundings.backendPorts;
    const tokens = [
      await cell.authorize("127.0.0.1", first),
      await cell.authorize("127.0.0.1", second),
    ] as const;
    const { pids, targets } = owned.use(
      await spawnPeer(surroundings, ([port]) => ({
        commands: [
          [
            ...([PROGRAM, "--config-file", cell.confPath] as const),
            ...["--vnc-novncproxy_host", "127.0.0.1", "--vnc-novncproxy_port", String(port)],
          ],
        ],
        targets: [targetOf(nova, port, [tokens[0]]), targetOf(nova, port, [tokens[1]])],
      })),
    );
    const running = owned.move();
    return { pids, targets, [Symbol.asyncDispose]: () => running.disposeAsync() };
  },
};
