import { type ConnectInfo, InvalidTokenError, Token, type TokenStore } from "@nova-console/token";

/** A ConnectInfo that a test changes to its needs. */
export const connectInfo: ConnectInfo = {
  tokenDigest: "",
  consoleType: "novnc",
  host: "127.0.0.1",
  port: 1,
  internalAccessPath: null,
  instanceUuid: "00000000-0000-4000-8000-000000000001",
  expires: 4_000_000_000,
  accessUrlBase: "http://127.0.0.1:6080/vnc_auto.html",
};

/** A store of tokens in memory. */
export class FakeTokens implements TokenStore {
  readonly #infos = new Map<string, ConnectInfo>();

  add(text: string, info: Partial<ConnectInfo>): void {
    const { digest } = new Token(text);
    this.#infos.set(digest, { ...connectInfo, ...info, tokenDigest: digest });
  }

  validate(token: Token): Promise<ConnectInfo> {
    const info = this.#infos.get(token.digest);
    return info === undefined ? Promise.reject(new InvalidTokenError()) : Promise.resolve(info);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
