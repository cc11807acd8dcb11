import { ByteReader } from "@nova-console/byte-stream";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import { dial } from "./tcp.ts";

/** What a viewer asks nova-xvpvncproxy. */
export interface XvpRequest {
  readonly method: "CONNECT" | "GET" | "POST";
  /** The access URL: `https` means TLS from the first byte. */
  readonly url: URL;
  /** What the proxy's certificate is verified with. */
  readonly ca?: Buffer;
}

/** What it answered. */
export interface XvpAnswer {
  readonly status: number;
  /** Status line and headers, without the empty line. */
  readonly head: string;
  /** RFB from here on, when the status is 200. */
  readonly channel: Duplex;
}

/**
 * Does the handshake of nova's old Java viewer: for CONNECT a path and HTTP/1.0 and no header.
 *
 * @see nova/vnc/xvp_proxy.py
 */
export async function openXvp(request: XvpRequest, signal: AbortSignal): Promise<XvpAnswer> {
  const { url, method } = request;
  const channel = await dialUrl(url, request.ca);
  const target = `${url.pathname}${url.search}`;
  channel.write(
    method === "CONNECT"
      ? `CONNECT ${target} HTTP/1.0\r\n\r\n`
      : `${method} ${target} HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`,
  );
  const reader = new ByteReader(channel, signal);
  let head = "";
  while (!head.endsWith("\r\n\r\n")) head += (await reader.readExact(1)).toString("latin1");
  reader.release();
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.at(1));
  return { status, head: head.trimEnd(), channel };
}

async function dialUrl(url: URL, ca: Buffer | undefined): Promise<Duplex> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const socket = await dial({ host, port: Number(url.port), allowHalfOpen: true });
  if (url.protocol === "http:") return socket;
  const secured = connectTls({ socket, host, ...(ca === undefined ? {} : { ca }) });
  secured.on("error", () => undefined);
  await once(secured, "secureConnect");
  return secured;
}
