import type { Duplex } from "node:stream";
import { SecurityType } from "./security-type.ts";

/** One security type in the client's role: what happens between choosing it and SecurityResult. */
export interface SecurityHandler {
  readonly type: SecurityType;

  /**
   * @param server - paused, just after it was told the type
   * @returns the stream to use from now on; `server` itself when it stays the same
   */
  negotiate(server: Duplex, signal: AbortSignal): Promise<Duplex>;
}

/** Security type None: nothing happens. @see RFC 6143 §7.2.1 */
export const noneHandler: SecurityHandler = {
  type: SecurityType.None,
  negotiate: (server) => Promise.resolve(server),
};
