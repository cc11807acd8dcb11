/** What a failure means for whoever asked. */
export type FailureKind =
  /** Nothing was asked: another server may be. */
  | "unreachable"
  /** All connections were in use: nothing was asked. */
  | "busy"
  /** The connection ended while it was asked; whether it did what it was told is not known. */
  | "lost"
  /** It kept silent; whether it did what it was told is not known. */
  | "silent"
  /** It takes no writes any more, as after a switchover, and did nothing: another server may. */
  | "read-only"
  /** It gave way to another transaction, and did nothing: the same may succeed now. */
  | "gave-way"
  /** User, password or database are not accepted. */
  | "denied"
  /** This user lacks a privilege. */
  | "not-granted"
  | "no-table"
  /** nova's database has no `instances` at the moment. */
  | "no-instances"
  | "other";

/** What a driver's error comes to. */
export class SqlFailure extends Error {
  override readonly name = "SqlFailure";
  readonly kind: FailureKind;

  constructor(kind: FailureKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** By MariaDB's and MySQL's error numbers. */
const mysqlKinds = new Map<unknown, FailureKind>([
  // Too many connections; WSREP has not yet prepared this node (Galera)
  ...[1040, 1203, 1047].map((errno) => [errno, "unreachable"] as const),
  // Server shutdown; connection killed; query interrupted; MySQL 8: session killed, idle for too long
  ...[1053, 1077, 1079, 1927, 1317, 3169, 4031].map((errno) => [errno, "lost"] as const),
  // --read-only; a read-only transaction; read-only mode
  ...[1290, 1792, 1836].map((errno) => [errno, "read-only"] as const),
  // Lock wait timeout; deadlock, or a conflict that Galera finds at commit
  ...[1205, 1213].map((errno) => [errno, "gave-way"] as const),
  ...[1044, 1045, 1049, 1130, 1698].map((errno) => [errno, "denied"] as const),
  ...[1142, 1143].map((errno) => [errno, "not-granted"] as const),
  [1146, "no-table"],
]);

/** By SQLSTATE. @see PostgreSQL, appendix A */
const postgresKinds: readonly (readonly [RegExp, FailureKind])[] = [
  // Cannot connect now; too many connections
  [/^(?:57P03|53300)$/, "unreachable"],
  [/^(?:08...|57P0[12])$/, "lost"],
  [/^25006$/, "read-only"],
  [/^(?:40001|40P01|55P03)$/, "gave-way"],
  [/^(?:28...|3D000)$/, "denied"],
  [/^42501$/, "not-granted"],
  [/^42P01$/, "no-table"],
];

/**
 * Says what an error means that came after a statement was sent.
 *
 * @param server - where, for people
 */
export function failureFrom(error: unknown, server: string): SqlFailure {
  if (error instanceof SqlFailure) return error;
  return new SqlFailure(kindOf(error) ?? "lost", `${server}: ${messageOf(error)}`, {
    cause: error,
  });
}

/** Says what an error means that came before a statement was sent: however it failed, nothing was asked. */
export function connectFailureFrom(error: unknown, server: string): SqlFailure {
  const failure = failureFrom(error, server);
  if (failure.kind !== "lost" && failure.kind !== "silent") return failure;
  return new SqlFailure("unreachable", failure.message, { cause: error });
}

/** Null: the server did not say it, so that it was the connection. */
function kindOf(error: unknown): FailureKind | null {
  if (!(error instanceof Error)) return null;
  if ("errno" in error && typeof error.errno === "number" && error.errno > 0) {
    return mysqlKinds.get(error.errno) ?? "other";
  }
  if ("code" in error && typeof error.code === "string" && "severity" in error) {
    const { code } = error;
    return postgresKinds.find(([pattern]) => pattern.test(code))?.[1] ?? "other";
  }
  return null;
}

/** Of a name with several addresses Node tries each, and says in the errors inside why they failed. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join(", ");
  return error instanceof Error ? error.message : String(error);
}
