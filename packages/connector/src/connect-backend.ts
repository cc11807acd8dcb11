import type { Socket } from "node:net";
import type { BackendAddress } from "./backend-address.ts";
import type { BackendPolicy } from "./backend-policy.ts";
import { dial } from "./dial.ts";
import { requestInternalAccessPath } from "./internal-access-path.ts";

/**
 * Connects to a VNC server, through the hypervisor's own proxy where there is one.
 *
 * @param internalAccessPath - what that proxy is asked for; null where there is none
 * @param policy - judges the address that is dialled, after a name was looked up
 * @param signal - the deadline for all of it
 * @returns a paused socket on which the VNC server speaks next
 * @throws {@link BackendForbiddenError}, {@link BackendUnreachableError}, {@link BackendRefusedError}
 *   or {@link BackendAddressError}; the signal's reason if it came after the connection was made. The
 *   socket is gone then
 */
export async function connectBackend(
  address: BackendAddress,
  internalAccessPath: string | null,
  policy: BackendPolicy,
  signal: AbortSignal,
): Promise<Socket> {
  const socket = await dial(address, policy, signal);
  if (internalAccessPath === null || internalAccessPath === "") return socket;
  try {
    await requestInternalAccessPath(socket, internalAccessPath, signal);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
