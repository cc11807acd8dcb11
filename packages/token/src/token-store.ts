import type { ConnectInfo } from "./connect-info.ts";
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
