import { MANY_SESSIONS, type PeerSpec, targetOf } from "./peer.ts";

/** No proxy: what the load and the VNC server do by themselves. */
export const direct: PeerSpec = {
  name: "direct",
  protocol: "rfb",
  tls: false,
  maxSessions: MANY_SESSIONS,
  missing: () => null,
  start({ backendPorts: [first, second] }) {
    return Promise.resolve({
      pids: [],
      targets: [targetOf(direct, first), targetOf(direct, second)],
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  },
};
