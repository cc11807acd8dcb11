import { ViewerFilesError } from "./errors.ts";

/** Where viewers reach nova-xvpvncproxy. */
export interface ViewerAddress {
  /** A name or an address, an IPv6 one without brackets. */
  readonly host: string;
  readonly port: number;
}

const DEFAULT_PORTS: ReadonlyMap<string, number> = new Map([
  ["http:", 80],
  ["https:", 443],
]);

/** What may stand in a host name or an address: no sign that a file, a shell or a terminal knows. */
const HOST = /^[a-z0-9._:-]+$/i;

/**
 * Takes the address that viewers connect to out of the operator's base URL. Its path does not count:
 * a viewer speaks no HTTP.
 *
 * @param baseUrl - `[vnc] xvpvncproxy_base_url`; without a port it means 80 or 443, as URLs do
 * @throws {@link ViewerFilesError} if it is no http(s) URL with a host
 */
export function viewerAddressOf(baseUrl: string): ViewerAddress {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : null;
  const defaultPort = DEFAULT_PORTS.get(url?.protocol ?? "");
  const host = (url?.hostname ?? "").replace(/^\[|\]$/g, "");
  const port = url?.port === "" ? defaultPort : Number(url?.port);
  if (defaultPort === undefined || port === undefined || port === 0 || !isPlainHost(host)) {
    throw new ViewerFilesError(
      `[vnc] xvpvncproxy_base_url is ${JSON.stringify(baseUrl)}: viewers need http://HOST:PORT/ or https://HOST:PORT/`,
    );
  }
  return { host, port };
}

/** A host of a leading "-" would be an option on a command line. */
function isPlainHost(host: string): boolean {
  return HOST.test(host) && !host.startsWith("-");
}
