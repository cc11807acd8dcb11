import type { Duplex } from "node:stream";
import type { Installation, AuthorizeOptions } from "./installation.ts";
import { RfbViewer, type Version } from "./rfb-viewer.ts";
import type { Endpoint } from "./vnc-server.ts";
import { openWebSocket, webSocketUrl } from "./web-socket-viewer.ts";
import { openXvp } from "./xvp-viewer.ts";

/** A way to a console, from an access URL to the channel that carries RFB. */
export interface ViewerPort {
  readonly name: string;
  readonly type: "novnc" | "xvpvnc";
  open(url: URL, signal: AbortSignal, ca?: Buffer): Promise<Duplex>;
}

/** The two ports that a console can be reached on. */
export const viewerPorts: readonly ViewerPort[] = [
  {
    name: "6080",
    type: "novnc",
    open: async (url, _signal, ca) =>
      (await openWebSocket(webSocketUrl(url), ca === undefined ? {} : { ca })).channel,
  },
  {
    name: "6081",
    type: "xvpvnc",
    open: async (url, signal, ca) => {
      const request = { method: "CONNECT", url, ...(ca === undefined ? {} : { ca }) } as const;
      return (await openXvp(request, signal)).channel;
    },
  },
];

/** Authorizes a console and opens it. */
export async function openConsole(
  port: ViewerPort,
  installation: Installation,
  endpoint: Endpoint,
  signal: AbortSignal,
  options: AuthorizeOptions & { readonly version?: Version } = {},
): Promise<RfbViewer> {
  const url = await installation.authorize(endpoint, { type: port.type, ...options });
  return RfbViewer.open(await port.open(url, signal), signal, options.version);
}
