import { ConfigError } from "@nova-console/config";
import { codeOf, messageOf, ServiceError, WorkerError } from "./errors.ts";

/** What a program's exit status says. */
export const ExitStatus = {
  /** A clean stop, or nothing to do. */
  Ok: 0,
  /** It failed at run time. */
  Failure: 1,
  /** The command line or the configuration is wrong. */
  Usage: 2,
} as const;

/** One of {@link ExitStatus}. */
export type ExitStatus = (typeof ExitStatus)[keyof typeof ExitStatus];

/** Codes of errors that a change of the configuration cures and a second try does not. */
const SETTING_CODES: ReadonlySet<string> = new Set([
  "SERVICE_ERR_SETTING",
  "SERVICE_ERR_USAGE",
  "LISTENER_ERR_TLS_SETTINGS",
  "NOVNCPROXY_ERR_WEB_ROOT",
  "SESSION_ERR_BACKEND_SECURITY",
  "TOKEN_ERR_STORE_SETTING",
  "DOCTOR_ERR_INPUT",
]);

/** The exit status of a start that failed with `error`. */
export function exitStatusOf(error: unknown): ExitStatus {
  if (error instanceof WorkerError) return error.status;
  return error instanceof ConfigError || SETTING_CODES.has(codeOf(error))
    ? ExitStatus.Usage
    : ExitStatus.Failure;
}

/** What a log line has of an error: a reason that an operator can act on, or else all of a bug. */
export function logFieldsOf(
  error: unknown,
): { readonly why: string } | { readonly error: unknown } {
  const isForOperator = error instanceof ServiceError || exitStatusOf(error) === ExitStatus.Usage;
  return isForOperator ? { why: messageOf(error) } : { error };
}
