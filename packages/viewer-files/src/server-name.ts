import type { ViewerAddress } from "./viewer-address.ts";

/** `HOST::PORT`, as TigerVNC and its relatives take it; one colon would mean a display number. */
export function serverName({ host, port }: ViewerAddress): string {
  return host.includes(":") ? `[${host}]::${port}` : `${host}::${port}`;
}
