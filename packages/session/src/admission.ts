import type { ConnectInfo } from "@nova-console/token";
import { CountedSlots, type Slots } from "./counted-slots.ts";
import { SessionRefusedError } from "./errors.ts";
import type { SessionSettings } from "./session-settings.ts";

/** Where sessions count, if other processes' sessions do as well. */
export interface SessionSlots {
  /** `max_sessions`; its one key is "". */
  readonly all: Slots;
  /** `max_sessions_per_token`, by token digest. */
  readonly perToken: Slots;
}

/** Lets in as many sessions as there may be, of all tokens and of each. */
export class Admission {
  readonly #settings: SessionSettings;
  readonly #slots: SessionSlots;

  /** @param slots - absent: sessions of this process are all that there are */
  constructor(settings: SessionSettings, slots?: SessionSlots) {
    this.#settings = settings;
    this.#slots = slots ?? {
      all: new CountedSlots(settings.maxSessions),
      perToken: new CountedSlots(settings.maxSessionsPerToken),
    };
  }

  /** @throws {@link SessionRefusedError} if there are enough */
  async enter({ tokenDigest }: ConnectInfo): Promise<void> {
    const { all, perToken } = this.#slots;
    const { maxSessions, maxSessionsPerToken } = this.#settings;
    if (!(await all.take(""))) throw tooMany(`max_sessions = ${maxSessions}`);
    if (await perToken.take(tokenDigest)) return;
    all.giveBack("");
    throw tooMany(`max_sessions_per_token = ${maxSessionsPerToken}`);
  }

  /** To be called once for each session that was let in, when it has ended. */
  leave({ tokenDigest }: ConnectInfo): void {
    this.#slots.all.giveBack("");
    this.#slots.perToken.giveBack(tokenDigest);
  }
}

function tooMany(limit: string): SessionRefusedError {
  return new SessionRefusedError("too-many-sessions", `${limit} are open`);
}
