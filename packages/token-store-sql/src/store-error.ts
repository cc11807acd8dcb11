import { NameLookupError } from "@nova-console/name-lookup";
import { TokenStoreError } from "@nova-console/token";
import { type FailureKind, SqlFailure } from "./sql-failure.ts";

/** What an error has to say, and must not. */
export interface ErrorSurroundings {
  /** Hosts and database. */
  readonly place: string;
  /** Where its URL stands: `[database] connection`. */
  readonly setting: string;
  /** What no message may repeat. */
  readonly password: string | null;
}

/** Says in words what a database said in a number, and what the operator can do about it. */
export function storeErrorFrom(error: unknown, surroundings: ErrorSurroundings): unknown {
  if (!(error instanceof SqlFailure)) return error;
  const { place, setting, password } = surroundings;
  const { message } = error;
  const masked =
    password === null || password === "" ? message : message.replaceAll(password, () => "***");
  const words =
    error.cause instanceof NameLookupError
      ? `cannot be reached (${masked}); check DNS and /etc/hosts of this host, and the name in ${setting}`
      : describe(error.kind, masked, setting);
  return new TokenStoreError(`token store ${place}: ${words}`, { cause: error });
}

function describe(kind: FailureKind, message: string, setting: string): string {
  switch (kind) {
    case "unreachable":
      return `cannot be reached (${message}); check that the database runs and that ${setting} names it`;
    case "busy":
      return `cannot serve all who ask (${message}); raise [database] max_pool_size, or find what makes the database slow`;
    case "lost":
    case "silent":
      return `does not answer (${message}); check the database and the network to it`;
    case "read-only":
      return `takes no writes: ${message}; is it a replica? Name the primary in ${setting}`;
    case "gave-way":
      return `is held by other transactions (${message}); try again`;
    case "denied":
      return `does not let this program in (${message}); check user, password and database in ${setting}`;
    case "not-granted":
      return `a privilege is missing (${message}); grant this user SELECT on instances, and SELECT, INSERT, UPDATE and DELETE on console_auth_tokens`;
    case "no-table":
      return `has no nova tables (${message}); make them with: nova-manage db sync`;
    case "no-instances":
      return `is nova's, and its table instances is missing (${message}); tokens are refused until it is back, as after a restore`;
    case "other":
      return message;
  }
}
