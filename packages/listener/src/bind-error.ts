import { codeOf, ListenError, messageOf } from "./errors.ts";

/** Says why an address cannot be listened on, and what the operator can do. */
export function bindError(host: string, port: number, error: unknown): ListenError {
  const where = `cannot listen on ${formatAddress(host, port)}`;
  return new ListenError(`${where}: ${reason(host, port, error)}`, { cause: error });
}

/** `host:port`, an IPv6 address in brackets. */
export function formatAddress(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function reason(host: string, port: number, error: unknown): string {
  switch (codeOf(error)) {
    case "EADDRINUSE":
      return `another program listens there; find it with "ss -ltnp sport = :${port}", or set another port`;
    case "EACCES":
      return `no permission; ports below 1024 need CAP_NET_BIND_SERVICE or root`;
    case "EADDRNOTAVAIL":
      return `this machine has no address ${host}; "ip address" lists those it has`;
    case "EAFNOSUPPORT":
      return `this machine has no IPv6, or none for this program; set an IPv4 host`;
    case "NAME_ERR_FAILED":
      return `the host name ${host} has no address`;
    default:
      return messageOf(error);
  }
}
