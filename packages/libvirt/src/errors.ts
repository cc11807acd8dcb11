/** Base of every error this package throws. */
export abstract class LibvirtError extends Error {
  /** Stable across releases: match on this, not on the message. */
  abstract readonly code: `LIBVIRT_ERR_${string}`;
}

/** What should be a domain's XML is not: `virsh` answered something else, or it is too large. */
export class InvalidDomainXmlError extends LibvirtError {
  override readonly name = "InvalidDomainXmlError";
  readonly code = "LIBVIRT_ERR_INVALID_XML";
}

/** The domain has no screen that can be reached: it is off, or its XML has to be changed. */
export class NoVncAddressError extends LibvirtError {
  override readonly name = "NoVncAddressError";
  readonly code = "LIBVIRT_ERR_NO_VNC_ADDRESS";
}

/** `virsh` is missing, did not answer, or refused: no such domain, no connection, no rights. */
export class VirshError extends LibvirtError {
  override readonly name = "VirshError";
  readonly code = "LIBVIRT_ERR_VIRSH";
}
