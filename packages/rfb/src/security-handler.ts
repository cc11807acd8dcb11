import type { Duplex } from "node:stream";
import { SecurityType } from "./security-type.ts";

/** One security type in the client's role: what happens between choosing it and SecurityResult. */
export interface SecurityHandler {
  readonly type: SecurityType;

  /**
   * null where nothing is said between the two.
   *
   * @param server - paused, just after it was told the type
   * @returns the stream to use from now on; `server` itself when it stays the same
   */
  readonly negotiate: ((server: Duplex, signal: AbortSignal) => Promise<Duplex>) | null;
}

/** Security type None: nothing happens. @see RFC 6143 §7.2.1 */
export const noneHandler: SecurityHandler = {
  type: SecurityType.None,
  negotiate: null,
};
