import type { Socket } from "node:net";
import type { BackendAddress } from "./backend-address.ts";
import { dial, type DialOptions } from "./dial.ts";
import { requestInternalAccessPath } from "./internal-access-path.ts";

/**
 * Connects to a VNC server, through the hypervisor's own proxy where there is one.
 *
 * @param internalAccessPath - what that proxy is asked for; null where there is none
 * @returns a paused socket on which the VNC server speaks next
 * @throws {@link BackendForbiddenError}, {@link BackendNameError}, {@link BackendUnreachableError},
 *   {@link BackendRefusedError} or {@link BackendAddressError}; the signal's reason if it came after the
 *   connection was made. The socket is gone then
 */
export async function connectBackend(
  address: BackendAddress,
  internalAccessPath: string | null,
  options: DialOptions,
): Promise<Socket> {
  const socket = await dial(address, options);
  if (internalAccessPath === null || internalAccessPath === "") return socket;
  try {
    await requestInternalAccessPath(socket, internalAccessPath, options.signal);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
