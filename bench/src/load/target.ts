/** How viewers talk to what is measured: RFB alone, or behind one of nova's two ways in. */
export type Protocol = "rfb" | "websocket" | "xvp";

/** Where viewers connect, and what they show there. */
export interface Target {
  readonly protocol: Protocol;
  readonly tls: boolean;
  readonly host: string;
  readonly port: number;
  /** Taken in turn; one empty text where none is asked for. */
  readonly tokens: readonly string[];
}

/** What a viewer sends before RFB; empty where RFB comes first. */
export function requestOf({ protocol, tls, host, port }: Target, token: string): string {
  switch (protocol) {
    case "rfb":
      return "";
    case "websocket":
      return [
        `GET /websockify?token=${token} HTTP/1.1`,
        `Host: ${host}:${port}`,
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: binary",
        `Origin: ${tls ? "https" : "http"}://${host}:${port}`,
        `Cookie: token=${token}`,
        "\r\n",
      ].join("\r\n");
    case "xvp":
      return `CONNECT /console?token=${token} HTTP/1.0\r\n\r\n`;
  }
}
