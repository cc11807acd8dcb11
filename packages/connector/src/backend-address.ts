import { BackendAddressError } from "./errors.ts";

const UNIX_PREFIX = "unix:";

/** Where a VNC server listens: TCP, or a unix socket on this machine. */
export type BackendAddress =
  { readonly host: string; readonly port: number } | { readonly path: string };

/**
 * Parses the host and port that a console token leads to.
 *
 * @param host - host name, IPv4 or IPv6 address (with or without brackets), or `unix:/path`
 * @param port - 1 to 65535; not looked at for a unix socket
 * @throws {@link BackendAddressError} if it is none of these
 */
export function parseBackendAddress(host: string, port: number): BackendAddress {
  if (host.startsWith(UNIX_PREFIX)) {
    const path = host.slice(UNIX_PREFIX.length);
    if (!path.startsWith("/") || path.includes("\0")) {
      throw new BackendAddressError(`backend socket "${path}" must be an absolute path`);
    }
    return { path };
  }
  const name = withoutBrackets(host);
  if (!/^[A-Za-z0-9._:%-]+$/.test(name)) {
    throw new BackendAddressError(`backend host "${host}" must be a host name or an IP address`);
  }
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new BackendAddressError(`backend port ${port} must be 1 to 65535`);
  }
  return { host: name, port };
}

/** The address in `[2001:db8::7]`, or the text as it is. */
export function withoutBrackets(host: string): string {
  return host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
}

/** `192.0.2.7:5900`, `[2001:db8::7]:5900` or `unix:/path`, for logs. */
export function describeBackendAddress(address: BackendAddress): string {
  if ("path" in address) return `${UNIX_PREFIX}${address.path}`;
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return `${host}:${address.port}`;
}
