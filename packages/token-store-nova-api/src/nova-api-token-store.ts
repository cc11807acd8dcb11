import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import {
  type ConnectInfo,
  InvalidTokenError,
  type Token,
  type TokenDirectory,
  type TokenStore,
  TokenStoreError,
  TokenStoreSettingError,
} from "@nova-console/token";
import { parseHttpUrl } from "./catalogue.ts";
import { type ConsoleDocument, decodeConsole } from "./console-document.ts";
import { type HttpAnswer, HttpClient, type TlsMaterial } from "./http-client.ts";
import { InstancePlace } from "./instance-place.ts";
import { member, parseJson } from "./json.ts";
import { KeystoneLogin, type KeystoneToken } from "./keystone.ts";
import { MICROVERSION, readSupport, versionRootOf } from "./microversion.ts";
import type { NovaApiSettings, TlsFiles } from "./settings.ts";

/** nova's documents are a few hundred bytes. */
const MAX_ANSWER_BYTES = 64 * 1024;
const MAX_TOKEN_CHARACTERS = 255;

/**
 * What cannot stand in the path of nova's URL: "/" is one there even when it is encoded, and nova takes
 * ".json" off, so that one token would have two texts. nova's tokens are UUIDs.
 */
const NOT_IN_A_PATH = /^$|[./\\\p{C}]/u;

/**
 * Tokens asked of nova's API, one request for each check.
 *
 * The API does not tell a console's type, so that tokens of every type look like those of `novnc`;
 * nor the end of a token, which is given as the latest that it can be; nor its access URL.
 *
 * @see nova/api/openstack/compute/console_auth_tokens.py
 */
export class NovaApiTokenStore implements TokenStore, TokenDirectory {
  readonly #settings: NovaApiSettings;
  readonly #http: HttpClient;
  readonly #keystone: KeystoneLogin;
  readonly #novaApiUrl: URL | null;
  /** null: instances are not asked for. */
  readonly #place: InstancePlace | null;
  /** The server that has shown to speak our microversion. */
  #known: string | null = null;

  private constructor(settings: NovaApiSettings, tls: TlsMaterial) {
    const { authUrl, novaApiUrl, group, timeoutMs } = settings;
    const url = requireHttpUrl(authUrl, `[${group}] auth_url`);
    this.#settings = settings;
    this.#http = new HttpClient(tls, timeoutMs, group);
    this.#keystone = new KeystoneLogin(settings, this.#http, url);
    this.#novaApiUrl =
      novaApiUrl === null ? null : requireHttpUrl(novaApiUrl, "[console_proxy] nova_api_url");
    this.#place = settings.checksPlace ? this.#createPlace() : null;
  }

  /**
   * Makes the store; nobody is asked yet, and Keystone need not be there.
   *
   * @throws {@link TokenStoreSettingError} if a URL or a file cannot be used
   */
  static open(settings: NovaApiSettings): NovaApiTokenStore {
    return new NovaApiTokenStore(settings, readTlsFiles(settings.tls, settings.group));
  }

  async validate(token: Token): Promise<ConnectInfo> {
    const text = token.reveal();
    if (text.length > MAX_TOKEN_CHARACTERS || NOT_IN_A_PATH.test(text))
      throw new InvalidTokenError();
    const { answer, root } = await this.#askLoggedIn((login) => this.#ask(login, text));
    const found = this.#decode(answer, root);
    await this.#place?.check(found);
    const { now, tokenTtlSeconds, accessUrlBase } = this.#settings;
    return {
      ...found,
      tokenDigest: token.digest,
      consoleType: "novnc",
      expires: Math.ceil(now() / 1000) + tokenTtlSeconds,
      accessUrlBase,
    };
  }

  /** None, ever: nova tells of a token only whoever has its text. */
  liveDigests(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  close(): Promise<void> {
    this.#http.close();
    return Promise.resolve();
  }

  #createPlace(): InstancePlace {
    const { log, now } = this.#settings;
    let asked = "";
    return new InstancePlace({
      ask: async (path, maxBytes) => {
        const { answer, root } = await this.#askLoggedIn((login) =>
          this.#get(login, this.#rootFor(login), path, maxBytes),
        );
        asked = root;
        return answer;
      },
      peer: () => peerAt(asked),
      log,
      now,
    });
  }

  /** Asks with a login, and once more with a new one if nova rejects it. */
  async #askLoggedIn(
    ask: (login: KeystoneToken) => Promise<HttpAnswer>,
  ): Promise<{ answer: HttpAnswer; root: string }> {
    let login = await this.#keystone.token();
    let answer = await ask(login);
    if (answer.status === 401) {
      login = await this.#keystone.replace(login);
      answer = await ask(login);
    }
    return { answer, root: this.#rootFor(login) };
  }

  async #ask(login: KeystoneToken, text: string): Promise<HttpAnswer> {
    const root = this.#rootFor(login);
    if (this.#known !== root) {
      const versions = await this.#get(login, root, "/");
      // nova of 2016 wants a token for this too.
      if (versions.status === 401) return versions;
      this.#checkVersions(versions, root);
      this.#known = root;
    }
    return this.#get(login, root, `/os-console-auth-tokens/${encodeURIComponent(text)}`);
  }

  #get(
    login: KeystoneToken,
    root: string,
    path: string,
    maxBytes = MAX_ANSWER_BYTES,
  ): Promise<HttpAnswer> {
    return this.#http.request({
      peer: peerAt(root),
      url: new URL(`${root}${path}`),
      headers: {
        "x-auth-token": login.text,
        "openstack-api-version": `compute ${MICROVERSION}`,
      },
      maxBytes,
    });
  }

  #rootFor({ computeUrl }: KeystoneToken): string {
    const url = this.#novaApiUrl ?? computeUrl;
    if (url !== null) return versionRootOf(url);
    const { regionName, group } = this.#settings;
    const where = regionName === null ? "" : ` of region ${regionName}`;
    throw new TokenStoreError(
      `Keystone's catalogue has no compute endpoint${where}, internal or public: set [console_proxy] nova_api_url, or look at [${group}] region_name`,
    );
  }

  #checkVersions(answer: HttpAnswer, root: string): void {
    const support = answer.status === 200 ? readSupport(answer.text) : "unknown";
    if (support === "supported") return;
    if (support === "unknown") {
      throw failure(
        root,
        `answers ${answer.status} where its versions should be: is that nova, and is it up? [console_proxy] nova_api_url overrides the catalogue`,
      );
    }
    const remedy = support === "too-old" ? "use another token_store with a nova before Newton" : "";
    throw failure(root, `does not speak microversion ${MICROVERSION} (${support}) ${remedy}`);
  }

  #decode({ status, text }: HttpAnswer, root: string): ConsoleDocument {
    if (status === 404 && member(parseJson(text), "itemNotFound") !== undefined) {
      throw new InvalidTokenError();
    }
    if (status !== 200) throw this.#failureOf(status, root);
    const found = decodeConsole(text);
    if (typeof found === "string") {
      throw failure(root, `tells a console whose "${found}" is missing or not allowed`);
    }
    return found;
  }

  #failureOf(status: number, root: string): TokenStoreError {
    switch (status) {
      case 401:
        return failure(
          root,
          "rejects a new token of Keystone: does its own [keystone_authtoken] name the same Keystone?",
        );
      case 403:
        return failure(
          root,
          `forbids to ask for console tokens: give the user of [${this.#settings.group}] the role that nova's policy os_compute_api:os-console-auth-tokens wants (admin, unless it was changed)`,
        );
      case 404:
        return failure(root, "answers 404, but not as nova does: what stands between?");
      case 406:
        // Another nova than the one that was asked for its versions.
        this.#known = null;
        return failure(root, `no longer speaks microversion ${MICROVERSION}`);
      default:
        return failure(root, `answers ${status}: see nova-api's log`);
    }
  }
}

function failure(root: string, what: string): TokenStoreError {
  return new TokenStoreError(`${peerAt(root)} ${what.trim()}`);
}

function peerAt(root: string): string {
  return `nova's API at ${root}`;
}

function requireHttpUrl(text: string, option: string): URL {
  const url = parseHttpUrl(text);
  if (url !== null) return url;
  throw new TokenStoreSettingError(`${option} must be an http or https URL`);
}

function readTlsFiles(files: TlsFiles, group: string): TlsMaterial {
  const read = (path: string | null, option: string): Buffer | undefined => {
    if (path === null) return undefined;
    try {
      return readFileSync(path);
    } catch (error) {
      throw new TokenStoreSettingError(`[${group}] ${option} ${path} cannot be read`, {
        cause: error,
      });
    }
  };
  const ca = read(files.caFile, "cafile");
  const cert = read(files.certFile, "certfile");
  // keystoneauth allows both in one file.
  const key = read(files.keyFile ?? files.certFile, "keyfile");
  const material = { ca, cert, key };
  try {
    createSecureContext(material);
  } catch (error) {
    throw new TokenStoreSettingError(
      `[${group}] cafile, certfile or keyfile is no PEM, or the key is another certificate's`,
      { cause: error },
    );
  }
  return { ...material, rejectUnauthorized: !files.insecure };
}
