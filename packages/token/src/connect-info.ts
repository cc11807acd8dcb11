/** Where a valid token leads: what nova calls ConnectInfo, read from `console_auth_tokens`. */
export interface ConnectInfo {
  /** SHA-256 of the token, hex. */
  readonly tokenDigest: string;
  /** `novnc`, `xvpvnc`, or what else nova mints (`spice-html5`, `serial`, ...), unchecked. */
  readonly consoleType: string;
  /** Host name or IP address of the VNC server; `unix:/path` for a unix socket (then `port` is 0). */
  readonly host: string;
  readonly port: number;
  /** What `CONNECT <path>` asks the hypervisor's own proxy for, where it has one. */
  readonly internalAccessPath: string | null;
  readonly instanceUuid: string;
  /** Epoch seconds; the token opens nothing from then on. */
  readonly expires: number;
  /** The operator's base URL the token was minted for; Origin's scheme is compared with it. */
  readonly accessUrlBase: string | null;
}
