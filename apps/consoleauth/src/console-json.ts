import type { AuthorizedConsole, ConnectInfo } from "@nova-console/token";

/** A minted console, for its owner: the one JSON document with a token in it. */
export interface AuthorizedJson {
  readonly token: string;
  readonly url: string;
  /** Epoch seconds. */
  readonly expires: number;
}

/** Where a token leads, in the words of nova's API and table. */
export interface ConnectJson {
  readonly instance_uuid: string;
  readonly host: string;
  readonly port: number;
  readonly internal_access_path: string | null;
  readonly console_type: string;
  /** Epoch seconds. */
  readonly expires: number;
  readonly access_url_base: string | null;
  /** What the logs name the token by. */
  readonly token_id: string;
}

/** First hex digits of the digest: as `Token.id`. */
const ID_DIGITS = 8;

/** What names a token in logs and lists, and opens nothing. */
export function tokenIdOf(info: ConnectInfo): string {
  return info.tokenDigest.slice(0, ID_DIGITS);
}

/** Writes a minted console down. The result contains the token: for its owner only. */
export function authorizedJson({ token, url, info }: AuthorizedConsole): AuthorizedJson {
  return { token: token.reveal(), url, expires: info.expires };
}

/** Writes down where a token leads. */
export function connectJson(info: ConnectInfo): ConnectJson {
  return {
    instance_uuid: info.instanceUuid,
    host: info.host,
    port: info.port,
    internal_access_path: info.internalAccessPath,
    console_type: info.consoleType,
    expires: info.expires,
    access_url_base: info.accessUrlBase,
    token_id: tokenIdOf(info),
  };
}
