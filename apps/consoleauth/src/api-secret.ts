import { createHash, timingSafeEqual } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { inspect } from "node:util";
import { SettingError } from "@nova-console/service";

/** A secret is a line, not a file. */
const MAX_SECRET_BYTES = 4096;
/** Fewer characters can be guessed over the network. */
const MIN_SECRET_CHARACTERS = 16;
const HOW_TO_MAKE_ONE = "(umask 077; openssl rand -hex 32 > ";
/** Any right for users who are neither the owner nor of the group. */
const OTHERS_MASK = 0o007;
const MASK = "***";
const VISIBLE_ASCII = /^[\x21-\x7e]+$/;
const BEARER = /^Bearer +([\x21-\x7e]+) *$/i;

/** What callers of the HTTP API must show. It prints as `***`. */
export class ApiSecret {
  /** Kept as a hash, so that comparing takes the same time for every length too. */
  readonly #digest: Buffer;

  constructor(text: string) {
    this.#digest = sha256(text);
  }

  /** Whether an `Authorization` header shows this secret; takes the same time wherever it differs. */
  matches(authorization: string | undefined): boolean {
    const shown = BEARER.exec(authorization ?? "")?.[1];
    return timingSafeEqual(sha256(shown ?? ""), this.#digest) && shown !== undefined;
  }

  toString(): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}

/**
 * Reads `[consoleauth] api_secret_file`: one line of at least 16 visible ASCII characters.
 *
 * @throws {@link SettingError} if it is missing, empty, too short, not one line, or open to every user
 */
export function readApiSecret(path: string | null): ApiSecret {
  if (path === null || path === "") {
    throw new SettingError(
      "[consoleauth] api_secret_file is not set: api_listen needs it; make one with: " +
        `${HOW_TO_MAKE_ONE}/etc/nova/consoleauth-api.secret)`,
    );
  }
  const text = readLine(path);
  if (text === "") throw refused(path, "is empty, must hold the secret");
  if (!VISIBLE_ASCII.test(text)) {
    throw refused(path, "must hold one line of visible ASCII characters, without spaces");
  }
  if (text.length < MIN_SECRET_CHARACTERS) {
    const allowed = `must have at least ${MIN_SECRET_CHARACTERS}, at random`;
    throw refused(path, `has ${text.length} characters, ${allowed}: ${HOW_TO_MAKE_ONE}${path})`);
  }
  return new ApiSecret(text);
}

function readLine(path: string): string {
  let file: number;
  try {
    // A FIFO is refused below, and must not be waited for here.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw refused(path, `cannot be read (${messageOf(error)})`, error);
  }
  try {
    // Of the open file, so that it cannot be another one by the time it is read.
    const status = fstatSync(file);
    if (!status.isFile()) throw refused(path, "is not a file");
    const mode = status.mode & 0o777;
    if ((mode & OTHERS_MASK) !== 0) {
      const octal = `0${mode.toString(8)}`;
      throw refused(path, `is open to every user (mode ${octal}), must not be: chmod o= ${path}`);
    }
    const bytes = Buffer.alloc(MAX_SECRET_BYTES + 1);
    const byteCount = readSync(file, bytes);
    if (byteCount > MAX_SECRET_BYTES) {
      throw refused(path, `must hold at most ${MAX_SECRET_BYTES} bytes`);
    }
    return bytes.toString("latin1", 0, byteCount).replace(/\r?\n$/, "");
  } finally {
    closeSync(file);
  }
}

function refused(path: string, why: string, cause?: unknown): SettingError {
  return new SettingError(`[consoleauth] api_secret_file ${path}: ${why}`, { cause });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
