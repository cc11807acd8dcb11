import { isIPv6 } from "node:net";
import { parseDomain, type Domain, type Graphics } from "./domain.ts";
import { NoVncAddressError } from "./errors.ts";

/** Where a domain shows its screen. */
export interface VncAddress {
  /** Host name or IP address without brackets; `unix:/path` for a unix socket. */
  readonly host: string;
  /** 0 for a unix socket. */
  readonly port: number;
  readonly domainName: string;
  readonly domainUuid: string;
}

/** What the XML does not say. */
export interface VncAddressOptions {
  /** Stands for a wildcard listen address: nova's `vncserver_proxyclient_address`. */
  readonly proxyClientAddress: string;
  /** The hypervisor's machine, if it is another one; see {@link remoteHostOf}. */
  readonly remoteHost?: string | null;
}

const HIGHEST_PORT = 65_535;

/**
 * Finds the VNC server of a running domain in its XML. The first `<graphics type='vnc'>` counts.
 *
 * A loopback address or a unix socket of another machine is refused: here it would lead to whatever
 * this machine has at that place, which may be somebody else's screen.
 *
 * @param domainXml - what `virsh dumpxml` printed
 * @throws {@link InvalidDomainXmlError} if it is not a domain's XML
 * @throws {@link NoVncAddressError} if there is nothing to connect to, with the reason
 */
export function findVncAddress(domainXml: string, options: VncAddressOptions): VncAddress {
  const domain = parseDomain(domainXml);
  const vnc = domain.graphics.find(({ type }) => type === "vnc");
  if (vnc === undefined) throw noVnc(domain);
  if (!domain.isRunning) {
    throw new NoVncAddressError(
      `domain ${domain.name} is off: start it (virsh start) and try again`,
    );
  }
  const { host, port } = endpointOf(vnc, domain, options.proxyClientAddress);
  const { remoteHost = null } = options;
  if (remoteHost === null || !isOfThisMachine(host)) return found(domain, host, port);
  if (isWildcard(listenAddressOf(vnc)) && !host.startsWith("unix:")) {
    return found(domain, remoteHost, port);
  }
  throw new NoVncAddressError(
    `domain ${domain.name} shows its screen on ${host} of ${remoteHost} only: let it listen on an address that this machine reaches`,
  );
}

/**
 * Finds the machine in a libvirt URI.
 *
 * @returns null if it is this one: `qemu:///system`, `test:///default`, `qemu+tcp://localhost/system`
 */
export function remoteHostOf(uri: string): string | null {
  if (!URL.canParse(uri)) return null;
  const host = new URL(uri).hostname.replace(/^\[(.*)\]$/, "$1");
  return host === "" || isLoopback(host) ? null : host;
}

function found({ name, uuid }: Domain, host: string, port: number): VncAddress {
  return { host, port, domainName: name, domainUuid: uuid };
}

function noVnc({ name, graphics }: Domain): NoVncAddressError {
  const types = [...new Set(graphics.map(({ type }) => type.toUpperCase().slice(0, 20)))];
  const has = types.length === 0 ? "no graphics" : `${types.join(" and ")} graphics only`;
  return new NoVncAddressError(`domain ${name} has ${has}: it needs <graphics type='vnc'/>`);
}

function endpointOf(
  vnc: Graphics,
  domain: Domain,
  proxyClientAddress: string,
): { host: string; port: number } {
  const listen = vnc.listens[0];
  if (listen?.type === "none") {
    throw new NoVncAddressError(
      `domain ${domain.name} listens nowhere (<listen type='none'/>): only libvirt itself can connect to its screen`,
    );
  }
  const socket = listen?.type === "socket" ? listen.socket : vnc.socket;
  if (listen?.type === "socket" || socket !== null) {
    if (socket !== null && socket !== "") return { host: `unix:${socket}`, port: 0 };
    throw new NoVncAddressError(
      `domain ${domain.name} has no path for its VNC socket yet: it is starting, or its XML names none`,
    );
  }
  if (listen?.type === "network" && listen.address === null) {
    throw new NoVncAddressError(
      `domain ${domain.name} listens on network ${listen.network ?? ""}, for which libvirt has no address yet: is the network active?`,
    );
  }
  const address = listenAddressOf(vnc);
  const port = portOf(vnc, domain);
  return { host: isWildcard(address) ? proxyClientAddress : address, port };
}

/** Empty where the XML leaves it to the hypervisor. */
function listenAddressOf(vnc: Graphics): string {
  const address = vnc.listens[0]?.address ?? vnc.listenAddress ?? "";
  return address.replace(/^\[(.*)\]$/, "$1");
}

function portOf(vnc: Graphics, domain: Domain): number {
  const text = vnc.port ?? "-1";
  if (text === "-1" || text === "0") {
    throw new NoVncAddressError(
      `domain ${domain.name} has no VNC port (port ${text}): it is off or still starting`,
    );
  }
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (port >= 1 && port <= HIGHEST_PORT) return port;
  throw new NoVncAddressError(
    `domain ${domain.name} has VNC port ${JSON.stringify(text.slice(0, 40))}, must be 1 to ${HIGHEST_PORT}`,
  );
}

function isWildcard(address: string): boolean {
  return address === "" || address === "0.0.0.0" || (isIPv6(address) && /^[0:]+$/.test(address));
}

function isOfThisMachine(host: string): boolean {
  return host.startsWith("unix:") || isLoopback(host);
}

function isLoopback(host: string): boolean {
  return (
    /^localhost\.?$/i.test(host) ||
    /^127(\.\d{1,3}){3}$/.test(host) ||
    (isIPv6(host) && /^[0:]+:0*1$/.test(host))
  );
}
