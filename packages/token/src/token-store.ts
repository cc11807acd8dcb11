import type { ConnectInfo } from "./connect-info.ts";
import type { AuthorizedConsole, ConsoleRequest } from "./console-request.ts";
import type { Token } from "./token.ts";

/** What a proxy needs of the place where tokens are kept. */
export interface TokenStore {
  /**
   * Looks a token up.
   *
   * @throws {@link InvalidTokenError} if it is unknown or expired
   * @throws {@link TokenStoreError} if the store cannot say
   */
  validate(token: Token): Promise<ConnectInfo>;

  /**
   * Tries whether a token could be kept, where the store can do so without keeping one.
   *
   * @throws {@link TokenStoreError} if not
   */
  checkWritable?(): Promise<void>;

  /** Gives back what the store holds (connections, file handles). Nothing may be asked afterwards. */
  close(): Promise<void>;
}

/** A store that can tell which tokens are live, by their digests: VncAuth needs it. */
export interface TokenDirectory {
  /**
   * The live tokens, the youngest first.
   *
   * @param limit - most to return
   * @returns SHA-256 digests, hex
   */
  liveDigests(limit: number): Promise<readonly string[]>;
}

/** A store that issues tokens and takes them back: what nova-consoleauth needs. */
export interface TokenAuthority extends TokenStore, TokenDirectory {
  /** Where tokens are kept, for people: a file, a server; never a password. */
  readonly place: string;

  /**
   * Mints a token. Tokens of other instances that lead to the same place become worthless: one VNC
   * server shows one instance, so the port was theirs and has been given away (CVE-2013-0335).
   *
   * @throws {@link InvalidConsoleRequestError} if a part of the request is not allowed
   * @throws {@link TokenStoreError} if it cannot be kept
   */
  authorize(request: ConsoleRequest): Promise<AuthorizedConsole>;

  /**
   * Makes every token of an instance worthless, as when it is deleted.
   *
   * @returns how many of them were still good
   * @throws {@link InvalidConsoleRequestError} if it is no UUID
   */
  revokeInstance(instanceUuid: string): Promise<number>;

  /** Makes one token worthless. @returns whether it was still good */
  revokeToken(token: Token): Promise<boolean>;

  /** Lists what live tokens lead to, by instance and then by their end; never the tokens. */
  list(): Promise<ConnectInfo[]>;

  /** Removes what has expired. @returns how many */
  purge(): Promise<number>;

  /**
   * Points an instance's live tokens at its new place, as after a migration. Tokens of other
   * instances that lead there become worthless, as with {@link authorize}.
   *
   * @returns how many of them
   * @throws {@link InvalidConsoleRequestError} if a part of the request is not allowed
   */
  move(instanceUuid: string, host: string, port: number): Promise<number>;
}
