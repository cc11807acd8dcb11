import { InvalidTokenError } from "./errors.ts";
import { Token } from "./token.ts";
import type { TokenDirectory, TokenStore } from "./token-store.ts";

/** A text that is no token: those are UUIDs. */
const NO_TOKEN = "is the store there?";

/** Hears how the store answered. */
export interface TokenCheckCounter {
  tokenChecked(outcome: "valid" | "invalid" | "unavailable"): void;
}

/** The same store, with each check counted by its outcome. */
export function countTokenChecks(
  store: TokenStore & TokenDirectory,
  counter: TokenCheckCounter,
): TokenStore & TokenDirectory {
  return {
    validate: async (token) => {
      try {
        const info = await store.validate(token);
        counter.tokenChecked("valid");
        return info;
      } catch (error) {
        counter.tokenChecked(error instanceof InvalidTokenError ? "invalid" : "unavailable");
        throw error;
      }
    },
    liveDigests: (limit) => store.liveDigests(limit),
    close: () => store.close(),
  };
}

/**
 * Asks the store for an unknown token.
 *
 * @throws {@link TokenStoreError} if it does not answer
 */
export async function checkTokenStore(store: TokenStore): Promise<void> {
  try {
    await store.validate(new Token(NO_TOKEN));
  } catch (error) {
    if (!(error instanceof InvalidTokenError)) throw error;
  }
}
