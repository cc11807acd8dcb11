/** Base of every error this package throws. */
export abstract class BackendError extends Error {
  /** Stable across releases: match on this, not on the message. */
  abstract readonly code: `BACKEND_ERR_${string}`;
}

/** Nothing at that address took the connection; `cause` is Node's error. */
export class BackendUnreachableError extends BackendError {
  override readonly name = "BackendUnreachableError";
  readonly code = "BACKEND_ERR_UNREACHABLE";
}

/** The backend's name could not be looked up; `cause` is a `NameLookupError`. */
export class BackendNameError extends BackendError {
  override readonly name = "BackendNameError";
  readonly code = "BACKEND_ERR_NAME";
}

/** The hypervisor's own proxy did not answer CONNECT with a 200. */
export class BackendRefusedError extends BackendError {
  override readonly name = "BackendRefusedError";
  readonly code = "BACKEND_ERR_REFUSED";
}

/** The token leads to something that is no address: an operator's or a store's mistake. */
export class BackendAddressError extends BackendError {
  override readonly name = "BackendAddressError";
  readonly code = "BACKEND_ERR_ADDRESS";
}

/** The operator does not allow tokens to lead there: `backend_networks`, `backend_socket_dirs`, or never. */
export class BackendForbiddenError extends BackendError {
  override readonly name = "BackendForbiddenError";
  readonly code = "BACKEND_ERR_FORBIDDEN";
}
