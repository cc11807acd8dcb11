import { RpcError, type CallOptions, type RpcTarget } from "@nova-console/oslo-messaging";
import {
  type ConnectInfo,
  InvalidTokenError,
  type Token,
  type TokenDirectory,
  type TokenStore,
  TokenStoreError,
} from "@nova-console/token";
import { decodeConnectInfo, issuedAt } from "./decode-connect-info.ts";

/** What the store needs of an `RpcClient`. */
export interface CheckTokenCaller {
  readonly place: string;
  call(target: RpcTarget, method: string, args: object, options: CallOptions): Promise<unknown>;
  close(): Promise<void>;
}

/** What {@link ConsoleauthTokenStore} is made of. */
export interface ConsoleauthTokenStoreOptions {
  /** Closed with the store. */
  readonly client: CheckTokenCaller;
  /** `MAJOR.MINOR` of nova-consoleauth's RPC. */
  readonly version: string;
  /** Longest that an answer is waited for. */
  readonly timeoutMs: number;
  /** `[consoleauth] token_ttl`: the answers do not tell when a token ends. */
  readonly tokenTtlSeconds: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Asks any nova-consoleauth of the cloud, Python's or ours, from Grizzly to Queens. */
export class ConsoleauthTokenStore implements TokenStore, TokenDirectory {
  readonly #options: ConsoleauthTokenStoreOptions;

  constructor(options: ConsoleauthTokenStoreOptions) {
    this.#options = options;
  }

  async validate(token: Token): Promise<ConnectInfo> {
    const answer = await this.#ask(token);
    if (answer === null) throw new InvalidTokenError();
    const nowSeconds = Math.floor(this.#options.now() / 1000);
    const issued = issuedAt(answer) ?? nowSeconds;
    // Its clock may be another one; that the token is good now is what it has said.
    const expires = Math.max(issued + this.#options.tokenTtlSeconds, nowSeconds + 1);
    return decodeConnectInfo(answer, token, expires);
  }

  /** None: nova-consoleauth tells nobody, so that VncAuth finds no token here. */
  liveDigests(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  async close(): Promise<void> {
    await this.#options.client.close();
  }

  async #ask(token: Token): Promise<unknown> {
    const { client, version, timeoutMs } = this.#options;
    const target = { topic: "consoleauth", version };
    try {
      return await client.call(target, "check_token", { token: token.reveal() }, { timeoutMs });
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      throw new TokenStoreError(`nova-consoleauth by ${client.place}: ${error.message}`, {
        cause: error,
      });
    }
  }
}
