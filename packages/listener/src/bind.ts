import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { bindError } from "./bind-error.ts";
import type { ListenOptions } from "./listen-options.ts";
import { resolveHost } from "./resolve-host.ts";

/** Where to listen. */
export type BindOptions = Pick<
  ListenOptions,
  "host" | "port" | "preferIpv6" | "reusePort" | "socket"
>;

/**
 * How many may wait to be accepted; the kernel takes `net.core.somaxconn` if that is less. Node's own 511 is
 * little for the moment of a restart, when all who were cut elsewhere come back, and it would take the place
 * of what the unit of a passed socket says.
 *
 * @see listen(2)
 */
const BACKLOG = 4_096;

/**
 * Makes a server listen.
 *
 * @returns what was bound
 * @throws {@link ListenError} if the address cannot be bound
 */
export async function bind(
  server: Server,
  { host, port, preferIpv6 = false, reusePort = false, socket = null }: BindOptions,
): Promise<{ readonly host: string; readonly port: number }> {
  try {
    // Among the options of a descriptor Node overlooks it.
    if (socket !== null) server.listen({ fd: socket }, BACKLOG);
    else {
      const address = await resolveHost(host, preferIpv6);
      server.listen({ host: address, port, reusePort, backlog: BACKLOG });
    }
    await once(server, "listening");
  } catch (error) {
    throw bindError(host, port, error);
  }
  const bound = server.address();
  return bound !== null && typeof bound === "object"
    ? { host: bound.address, port: bound.port }
    : { host, port };
}

/**
 * Finds out that nobody has a port, for processes that are going to share it: they could not tell.
 *
 * @returns its address and number, also for a host name and for port 0
 * @throws {@link ListenError} if the address cannot be bound
 */
export async function claimPort(
  options: Pick<BindOptions, "host" | "port" | "preferIpv6">,
): Promise<{ readonly host: string; readonly port: number }> {
  const server = createServer();
  const bound = await bind(server, options);
  server.close();
  await once(server, "close");
  return bound;
}
