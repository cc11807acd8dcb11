import type { Picture } from "./picture.ts";

/** Where a VNC server listens, as `nova-consoleauth authorize` takes it. */
export interface Endpoint {
  /** An address, or `unix:/path`. */
  readonly host: string;
  /** 0 for a unix socket. */
  readonly port: number;
}

/** A real VNC server with something to see on it, and a way round VNC to know what that is. */
export interface VncServer extends AsyncDisposable {
  readonly name: string;
  readonly endpoint: Endpoint;
  /** What it shows, from the server itself. */
  truth(): Promise<Picture>;
}
