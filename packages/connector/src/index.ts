/**
 * The one way to a backend: TCP over IPv4 and IPv6, unix sockets, and the hypervisor's own proxy
 * in front of them.
 *
 * What it hands out is a connection on which the VNC server speaks next.
 *
 * @packageDocumentation
 */
export { describeBackendAddress, parseBackendAddress } from "./backend-address.ts";
export type { BackendAddress } from "./backend-address.ts";
export { BackendPolicy } from "./backend-policy.ts";
export type { BackendPolicyOptions } from "./backend-policy.ts";
export { connectBackend } from "./connect-backend.ts";
export type { DialOptions } from "./dial.ts";
export {
  BackendAddressError,
  BackendError,
  BackendNameError,
  BackendForbiddenError,
  BackendRefusedError,
  BackendUnreachableError,
} from "./errors.ts";
