import type { ExitStatus } from "./exit-status.ts";

/** Base of every error this package throws. */
export abstract class ServiceError extends Error {
  /** Stable across releases: match on this, not on the message. */
  abstract readonly code: `SERVICE_ERR_${string}`;
}

/** A setting that is well formed turned out to be unusable: ends a start with status 2. */
export class SettingError extends ServiceError {
  override readonly name = "SettingError";
  readonly code = "SERVICE_ERR_SETTING";
}

/** The log file cannot be opened. */
export class LogFileError extends ServiceError {
  override readonly name = "LogFileError";
  readonly code = "SERVICE_ERR_LOG_FILE";
}

/** An address for HTTP cannot be listened on; the message names the option, and the remedy. */
export class AddressError extends ServiceError {
  override readonly name = "AddressError";
  readonly code = "SERVICE_ERR_ADDRESS";
}

/** A worker cannot start, do what it is told, or live. */
export class WorkerError extends ServiceError {
  override readonly name = "WorkerError";
  readonly code = "SERVICE_ERR_WORKER";
  /** What the program ends with for it. */
  readonly status: ExitStatus;

  constructor(message: string, status: ExitStatus = 1) {
    super(message);
    this.status = status;
  }
}

/** The folder by which left workers are found cannot be used; the message says why. */
export class LeftDirectoryError extends ServiceError {
  override readonly name = "LeftDirectoryError";
  readonly code = "SERVICE_ERR_LEFT_DIRECTORY";
}

/** What Node's system calls put into `error.code`; "" if there is none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : "";
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
