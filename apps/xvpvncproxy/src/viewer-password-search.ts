import { randomBytes } from "node:crypto";
import { createVncResponder, type VncResponder, VNC_CHALLENGE_BYTES } from "@nova-console/rfb";
import {
  deriveViewerPassword,
  isViewerPassword,
  Token,
  type TokenDirectory,
} from "@nova-console/token";

/** Tokens that one response is compared with at most: the youngest. Some 10 ms of work. */
const MAX_TOKENS = 8_192;

/** Tokens compared before others get their turn. */
const TOKENS_PER_TURN = 256;

/** A challenge and what a viewer answered to it. */
export interface VncAnswer {
  readonly challenge: Buffer;
  readonly response: Buffer;
}

/**
 * Finds the token whose derived password a viewer knows.
 *
 * VNC Authentication names nobody: the response has to be compared with that of every live token.
 * What a token costs is kept small (its cipher is made once) and how many there are is bounded.
 */
export class ViewerPasswordSearch {
  readonly #directory: TokenDirectory;
  readonly #secret: Buffer;
  /** By token digest; of live tokens only. */
  #responders = new Map<string, VncResponder>();

  /** @param secret - what viewer passwords are derived with */
  constructor(directory: TokenDirectory, secret: Buffer) {
    this.#directory = directory;
    this.#secret = secret;
  }

  /**
   * Finds the token of a password that was shown as it is.
   *
   * @returns what {@link find} takes; null if the text is no viewer password
   */
  answerOf(text: string): VncAnswer | null {
    if (!isViewerPassword(text)) return null;
    const challenge = randomBytes(VNC_CHALLENGE_BYTES);
    return { challenge, response: createVncResponder(Buffer.from(text))(challenge) };
  }

  /**
   * @returns the token, known by its digest; null if it is nobody's answer
   * @throws TokenStoreError if the store cannot say
   */
  async find({ challenge, response }: VncAnswer): Promise<Token | null> {
    const digests = await this.#directory.liveDigests(MAX_TOKENS);
    const known = this.#responders;
    const live = new Map<string, VncResponder>();
    let found: Token | null = null;
    for (const [index, digest] of digests.entries()) {
      if (index > 0 && index % TOKENS_PER_TURN === 0) await nextTurn();
      const responder =
        known.get(digest) ??
        createVncResponder(Buffer.from(deriveViewerPassword(this.#secret, digest)));
      live.set(digest, responder);
      // Not in constant time, nor need it be: a challenge is answered once.
      if (found === null && responder(challenge).equals(response)) found = new Token({ digest });
    }
    this.#responders = live;
    return found;
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
