import { TokenStoreError } from "@nova-console/token";
import { findComputeUrl } from "./catalogue.ts";
import type { HttpAnswer, HttpClient } from "./http-client.ts";
import { member, parseJson } from "./json.ts";
import type { KeystoneCredentials, NovaApiSettings } from "./settings.ts";

/** A service catalogue has every endpoint of every region in it. */
const MAX_ANSWER_BYTES = 1024 ** 2;
/** Credentials that were refused are not shown again for this long: Keystone locks users out that fail too often. */
const REFUSED_PAUSE_MS = 5_000;
/** A token is renewed in the last tenth of its life, at most this long before its end. */
const LONGEST_MARGIN_MS = 300_000;

/** A token of Keystone: what `X-Auth-Token` says. */
export interface KeystoneToken {
  readonly text: string;
  readonly renewAtMs: number;
  readonly endsAtMs: number;
  /** nova's address, if the catalogue has it. */
  readonly computeUrl: URL | null;
}

/** A login at Keystone v3 that is kept up: one token for all, renewed before it ends. */
export class KeystoneLogin {
  readonly #settings: NovaApiSettings;
  readonly #http: HttpClient;
  readonly #url: URL;
  readonly #peer: string;
  #current: KeystoneToken | null = null;
  #renewal: Promise<KeystoneToken> | null = null;
  #refused: { readonly error: TokenStoreError; readonly untilMs: number } | null = null;

  /** @param url - of Keystone, with or without its version */
  constructor(settings: NovaApiSettings, http: HttpClient, url: URL) {
    this.#settings = settings;
    this.#http = http;
    const root = `${url.origin}${url.pathname.replace(/\/(?:v3|v2\.0)?\/*$/, "")}/v3`;
    this.#url = new URL(`${root}/auth/tokens`);
    this.#peer = `Keystone at ${root}`;
  }

  /**
   * A token that is good as far as is known here.
   *
   * @throws {@link TokenStoreError} if there is none to be had
   */
  async token(): Promise<KeystoneToken> {
    const now = this.#settings.now();
    const current = this.#current;
    if (current === null || now >= current.endsAtMs) return this.#renew();
    // Nobody waits for what is not needed yet; a failure comes up when it is.
    if (now >= current.renewAtMs) this.#renew().catch(() => undefined);
    return current;
  }

  /** A token instead of one that nova rejects: Keystone may have revoked it, or lost its keys. */
  async replace(rejected: KeystoneToken): Promise<KeystoneToken> {
    const current = this.#current;
    return current === null || current === rejected ? this.#renew() : current;
  }

  /** However many ask, one logs in. */
  #renew(): Promise<KeystoneToken> {
    this.#renewal ??= this.#logIn().finally(() => {
      this.#renewal = null;
    });
    return this.#renewal;
  }

  async #logIn(): Promise<KeystoneToken> {
    const { now, credentials, novaApiUrl } = this.#settings;
    if (this.#refused !== null && now() < this.#refused.untilMs) throw this.#refused.error;
    const url = new URL(this.#url);
    if (novaApiUrl !== null) url.search = "nocatalog";
    const answer = await this.#http.request({
      peer: this.#peer,
      url,
      headers: {},
      body: JSON.stringify(encodeAuthRequest(credentials)),
      maxBytes: MAX_ANSWER_BYTES,
    });
    if (answer.status !== 201) throw this.#failureOf(answer.status);
    this.#refused = null;
    this.#current = this.#decode(answer);
    return this.#current;
  }

  #decode({ headers, text }: HttpAnswer): KeystoneToken {
    const subject = headers["x-subject-token"];
    const token = member(parseJson(text), "token");
    const issued = timeOf(member(token, "issued_at"));
    const expires = timeOf(member(token, "expires_at"));
    if (typeof subject !== "string" || !(expires > issued)) {
      throw this.#failure("answers with no token of v3: is [AUTH] auth_url right?");
    }
    // A life, not a time of day: the two clocks need not agree.
    const lifeMs = expires - issued;
    const endsAtMs = this.#settings.now() + lifeMs;
    return {
      text: subject,
      endsAtMs,
      renewAtMs: endsAtMs - Math.min(lifeMs / 10, LONGEST_MARGIN_MS),
      computeUrl: findComputeUrl(member(token, "catalog"), this.#settings.regionName),
    };
  }

  #failureOf(status: number): TokenStoreError {
    if (status === 401) {
      const error = this.#failure(
        "refuses the credentials: check user, password, domains and project, or the application credential, in [AUTH]",
      );
      this.#refused = { error, untilMs: this.#settings.now() + REFUSED_PAUSE_MS };
      return error;
    }
    if (status === 404) return this.#failure("answers 404: is [AUTH] auth_url right?");
    return this.#failure(`answers ${status} to a login: see Keystone's log`);
  }

  #failure(what: string): TokenStoreError {
    return new TokenStoreError(
      `${this.#peer} ${what.replace("[AUTH]", `[${this.#settings.group}]`)}`,
    );
  }
}

/** The body of `POST /v3/auth/tokens`. */
function encodeAuthRequest(credentials: KeystoneCredentials): unknown {
  if (credentials.kind === "password") {
    const { user, password, project } = credentials;
    const identity = { methods: ["password"], password: { user: { ...user, password } } };
    return { auth: { identity, scope: { project } } };
  }
  const { credential, secret } = credentials;
  const identity = {
    methods: ["application_credential"],
    application_credential: { ...credential, secret },
  };
  return { auth: { identity } };
}

function timeOf(value: unknown): number {
  return typeof value === "string" ? Date.parse(value) : Number.NaN;
}
