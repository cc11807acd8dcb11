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
