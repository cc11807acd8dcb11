import { createCipheriv } from "node:crypto";

/** Length of VNC Authentication's challenge, and of the response to it. */
export const VNC_CHALLENGE_BYTES = 16;

/** VNC Authentication looks at no more of a password than this. */
const VNC_PASSWORD_BYTES = 8;

/** Answers challenges as the owner of one password does. */
export type VncResponder = (challenge: Buffer) => Buffer;

/**
 * Makes the answers of VNC Authentication: DES in ECB mode, the password's first 8 bytes as the
 * key, padded with zeroes, and the bits of each byte mirrored.
 *
 * OpenSSL 3 has moved single DES out of its default provider; triple DES with three equal keys is
 * the same function. ECB keeps no state, so that one cipher serves for any number of challenges.
 *
 * @param password - bytes as they are: RFB names no character encoding
 * @returns takes 16 bytes and returns 16 bytes
 * @see RFC 6143 §7.2.2
 */
export function createVncResponder(password: Buffer): VncResponder {
  const key = Buffer.alloc(VNC_PASSWORD_BYTES);
  password.copy(key);
  const mirrored = key.map(mirrorBits);
  const cipher = createCipheriv("des-ede3", Buffer.concat([mirrored, mirrored, mirrored]), null);
  cipher.setAutoPadding(false);
  return (challenge) => cipher.update(challenge);
}

function mirrorBits(byte: number): number {
  let mirrored = 0;
  for (let bit = 0; bit < 8; bit++) mirrored |= ((byte >> bit) & 1) << (7 - bit);
  return mirrored;
}
