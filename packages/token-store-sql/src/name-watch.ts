import type { Socket } from "node:net";
import { NameLookupError } from "@nova-console/name-lookup";

/**
 * The last look-up of a server's name. A statement that waits for a connection of a pool times out with no
 * other reason than that, while the connections hang in the look-up.
 */
export class NameWatch {
  #failure: NameLookupError | null = null;

  /** @returns the socket */
  follow<S extends Socket>(socket: S): S {
    socket.on("lookup", (error: Error | null) => {
      this.#failure = error instanceof NameLookupError ? error : null;
    });
    return socket;
  }

  /** The failed look-up if there was no good one since, else the error. */
  reasonOf(error: unknown): unknown {
    return this.#failure ?? error;
  }
}
