import type { ConnectInfo, Token, TokenStore } from "@nova-console/token";
import { tooSlow } from "./blame.ts";
import { endAfter } from "./end-after.ts";
import { SessionRefusedError } from "./errors.ts";
import { type PortCheck, refusalOfPortCheck } from "./port-check.ts";
import type { SessionSettings } from "./session-settings.ts";

/**
 * How old the answers about a console may be when its viewer is let in.
 *
 * The age counts from an answer's arrival, not from its question: a new answer of a store that takes
 * 200 ms can be 200 ms old when it arrives, as old as the one that is there. Asking again would double
 * the load of a slow store, and notice nothing more. A revocation or a move while the backend is dialled
 * and the viewer shakes hands, which begins after the last answer, is noticed as before.
 */
const FRESH_MS = 50;

/** Whom {@link Entitlement} asks. */
export interface EntitlementNeeds {
  readonly tokens: TokenStore;
  /** Asked whether the port is still the instance's; absent: that is taken for granted. */
  readonly portCheck?: PortCheck | undefined;
  readonly settings: SessionSettings;
  /** Milliseconds of a clock; only differences count. */
  readonly now: () => number;
}

/**
 * What a token entitles its viewer to: asked before anything is dialled, and once more before the
 * viewer is let in.
 */
export class Entitlement {
  readonly #token: Token;
  readonly #needs: EntitlementNeeds;
  /** The session's: nothing is waited for once that ends. */
  readonly #ending: AbortController;
  /** When the store's last answer came, and how long it took. */
  #storeAnswer = { answeredMs: 0, tookMs: 0 };
  /** When the last answer came: the port check's if there is one, the store's otherwise. */
  #lastAnswerMs = 0;

  constructor(token: Token, needs: EntitlementNeeds, ending: AbortController) {
    this.#token = token;
    this.#needs = needs;
    this.#ending = ending;
  }

  /**
   * Asks the store; an answer that comes too late is for nobody.
   *
   * @throws what the store says, or `token-store-unavailable` after `connectTimeoutMs`
   */
  async ask(): Promise<ConnectInfo> {
    const { settings, tokens } = this.#needs;
    const limitMs = settings.connectTimeoutMs;
    const askedMs = this.#needs.now();
    let deadline: NodeJS.Timeout | undefined;
    try {
      const info = await new Promise<ConnectInfo>((resolve, reject) => {
        tokens.validate(this.#token).then(resolve, reject);
        // After the question: a store with the same limit says first what it waited for.
        deadline = setTimeout(() => {
          reject(tooSlow("token-store-unavailable", limitMs));
        }, limitMs);
      });
      this.#ending.signal.throwIfAborted();
      const answeredMs = this.#needs.now();
      this.#storeAnswer = { answeredMs, tookMs: answeredMs - askedMs };
      this.#lastAnswerMs = answeredMs;
      return info;
    } finally {
      clearTimeout(deadline);
    }
  }

  /**
   * VNC servers get their ports in turn: the one that the token was minted for may be another
   * instance's by now (CVE-2013-0335).
   *
   * @throws {@link SessionRefusedError} unless it is this instance's
   */
  async checkPort(info: ConnectInfo): Promise<void> {
    const { portCheck, settings } = this.#needs;
    if (portCheck === undefined) return;
    const { signal } = this.#ending;
    const limitMs = settings.connectTimeoutMs;
    const why = "token-store-unavailable";
    const deadline = endAfter(this.#ending, limitMs, why, "port not confirmed");
    try {
      await portCheck.check(info, signal);
    } catch (error) {
      throw refusalOfPortCheck(error);
    } finally {
      clearTimeout(deadline);
    }
    signal.throwIfAborted();
    this.#lastAnswerMs = this.#needs.now();
  }

  /**
   * The token may have been revoked, or its instance moved, while the backend was being dialled and
   * the viewer was made to wait.
   *
   * @param info - what the store said before
   * @throws {@link SessionRefusedError} unless it says the same, and as {@link ask} and {@link checkPort}
   */
  async confirm(info: ConnectInfo): Promise<void> {
    const nowMs = this.#needs.now();
    const isPortFresh = nowMs - this.#lastAnswerMs < FRESH_MS;
    if (isPortFresh && this.#isTokenFresh(nowMs)) return;
    const now = await this.ask();
    const isSamePlace =
      now.host === info.host &&
      now.port === info.port &&
      now.internalAccessPath === info.internalAccessPath &&
      now.instanceUuid === info.instanceUuid;
    if (!isSamePlace) {
      const detail = "the instance moved while it was being dialled";
      throw new SessionRefusedError("token-invalid", detail);
    }
    if (!isPortFresh) await this.checkPort(info);
  }

  /**
   * Tells whether asking the store again could notice anything. The port check comes after the store's
   * answer, and asks the same database first: that time is allowed. A slow nova-compute is not.
   */
  #isTokenFresh(nowMs: number): boolean {
    const { answeredMs, tookMs } = this.#storeAnswer;
    return nowMs - answeredMs < FRESH_MS + 2 * tookMs;
  }
}
