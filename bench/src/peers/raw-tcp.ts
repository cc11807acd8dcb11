import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { missingProgram } from "./on-path.ts";
import { MANY_SESSIONS, type PeerSpec, targetOf } from "./peer.ts";
import { spawnPeer } from "./spawned-peer.ts";

/** A process each. */
const SOCAT_MAX_SESSIONS = 1000;
/** Its pipes are reserved at the start, of the same limit of open files. */
const SPLICE_MAX_SESSIONS = 2000;

/** HAProxy in TCP mode: as it comes it copies; with splice the bytes stay in the kernel. */
export function haproxy(name: string, kind: { tls: boolean; splice: boolean }): PeerSpec {
  const spec: PeerSpec = {
    name,
    protocol: "rfb",
    tls: kind.tls,
    maxSessions: kind.splice ? SPLICE_MAX_SESSIONS : MANY_SESSIONS,
    missing: () => missingProgram("haproxy"),
    start: (surroundings) =>
      spawnPeer(surroundings, async ([first, second]) => {
        const { backendPorts, directory, pemPath } = surroundings;
        const certificate = kind.tls ? ` ssl crt ${pemPath}` : "";
        const lines = [
          `global\n  maxconn ${kind.splice ? SPLICE_MAX_SESSIONS : 9900}`,
          "defaults\n  mode tcp",
          "  timeout connect 5s\n  timeout client 1h\n  timeout server 1h",
          ...(kind.splice ? ["  option splice-auto"] : []),
          ...[first, second].flatMap((port, index) => [
            `listen console${index}\n  bind 127.0.0.1:${port}${certificate}`,
            `  server vnc 127.0.0.1:${String(backendPorts[index])}`,
          ]),
        ];
        const file = join(directory, "haproxy.cfg");
        await writeFile(file, `${lines.join("\n")}\n`);
        return {
          commands: [["/usr/sbin/haproxy", "-db", "-f", file]],
          targets: [targetOf(spec, first), targetOf(spec, second)],
        };
      }),
  };
  return spec;
}

/** socat: a process for each connection, 8 KiB at a time. */
export const socat: PeerSpec = {
  name: "socat",
  protocol: "rfb",
  tls: false,
  maxSessions: SOCAT_MAX_SESSIONS,
  missing: () => missingProgram("socat"),
  start: (surroundings) =>
    spawnPeer(surroundings, ([first, second]) => {
      const command = (port: number, backend: number): [string, ...string[]] => [
        "socat",
        `TCP-LISTEN:${port},bind=127.0.0.1,fork,reuseaddr,nodelay,backlog=1024`,
        `TCP:127.0.0.1:${backend},nodelay`,
      ];
      const [firstBackend, secondBackend] = surroundings.backendPorts;
      return {
        commands: [command(first, firstBackend), command(second, secondBackend)],
        targets: [targetOf(socat, first), targetOf(socat, second)],
      };
    }),
};
