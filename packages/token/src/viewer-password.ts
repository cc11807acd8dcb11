import { createHmac } from "node:crypto";

/** VNC Authentication looks at no more of a password than this. */
const PASSWORD_LENGTH = 8;

/** Letters and digits without those that look alike: 46 bits in 8 of them. */
const ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";
const BASE = BigInt(ALPHABET.length);

const VIEWER_PASSWORD = new RegExp(`^[${ALPHABET}]{${PASSWORD_LENGTH}}$`);

/** Distinguishes this use of the secret from any other it may once have. */
const PURPOSE = "viewer password\0";

/**
 * The password for viewers that know VNC Authentication only: 8 characters that follow from the
 * token's hash and a secret of the servers.
 *
 * Nothing more is stored for it, it works for tokens that nova minted, and it is worthless when its
 * token is.
 *
 * @param secret - the same on all hosts that make or check such passwords
 * @param tokenDigest - SHA-256 of the token, hex
 */
export function deriveViewerPassword(secret: Buffer, tokenDigest: string): string {
  const mac = createHmac("sha256", secret).update(PURPOSE).update(tokenDigest).digest();
  let rest = mac.readBigUInt64BE();
  let password = "";
  for (let index = 0; index < PASSWORD_LENGTH; index++) {
    password += ALPHABET.charAt(Number(rest % BASE));
    rest /= BASE;
  }
  return password;
}

/** Checks whether a text has the form of one of {@link deriveViewerPassword}; few tokens have. */
export function isViewerPassword(text: string): boolean {
  return VIEWER_PASSWORD.test(text);
}
