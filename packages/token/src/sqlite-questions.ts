import type { DatabaseSync } from "node:sqlite";
import type { ConnectInfo } from "./connect-info.ts";
import type { Statements } from "./sqlite-statements.ts";
import { decodeRow, encodeRow } from "./token-row.ts";

/** An open database file and what is prepared in it. */
export interface OpenedFile {
  /** The file, absolute. */
  readonly path: string;
  /** Unlike that of any other file that takes its place; null if it was gone at once. */
  readonly identity: string | null;
  readonly database: DatabaseSync;
  readonly statements: Statements;
}

/** Questions that never wait for a writer (WAL). */
const reads = {
  /** Asks nothing: the answer says that the file is open. */
  open: (): null => null,

  /** @returns null if the token is unknown or expired */
  validate: (
    { path, statements }: OpenedFile,
    digest: string,
    nowSeconds: number,
  ): ConnectInfo | null => {
    const row = statements.validate.get(digest, nowSeconds);
    return row === undefined ? null : decodeRow(row, path);
  },

  list: ({ path, statements }: OpenedFile, nowSeconds: number): ConnectInfo[] =>
    statements.list.all(nowSeconds).map((row) => decodeRow(row, path)),

  liveDigests: ({ statements }: OpenedFile, nowSeconds: number, limit: number): string[] =>
    statements.liveDigests.all(nowSeconds, limit).map((row) => String(row["token_hash"])),
};

/** Questions that change the file: each is one transaction, done as a whole or not at all. */
const writes = {
  /** Writes the header anew as it is, which fails where a token could not be kept. */
  check: ({ database }: OpenedFile): null => {
    const version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"] ?? 0);
    database.exec(`PRAGMA user_version = ${version}`);
    return null;
  },

  /** @param purgeBefore - seconds: what had expired by then is removed as well; null to leave it */
  authorize: (
    { statements }: OpenedFile,
    info: ConnectInfo,
    isGiven: boolean,
    createdAt: string,
    purgeBefore: number | null,
  ): null => {
    if (purgeBefore !== null) statements.purge.run(purgeBefore);
    const { host, port, internalAccessPath, instanceUuid, tokenDigest } = info;
    statements.deleteOthersAt.run(host, port, internalAccessPath, instanceUuid);
    // One that was given may come twice: the message broker can deliver a request again.
    if (isGiven) statements.deleteToken.run(tokenDigest);
    statements.insert.run(createdAt, ...encodeRow(info));
    return null;
  },

  /** @returns how many of its tokens were good */
  revokeInstance: ({ statements }: OpenedFile, uuid: string, nowSeconds: number): number => {
    const live = statements.countInstance.get(uuid, nowSeconds)?.["live"];
    statements.deleteInstance.run(uuid);
    return Number(live ?? 0);
  },

  /** @returns whether it was good */
  revokeToken: ({ statements }: OpenedFile, digest: string, nowSeconds: number): boolean => {
    const isLive = statements.validate.get(digest, nowSeconds) !== undefined;
    statements.deleteToken.run(digest);
    return isLive;
  },

  /** @returns how many rows were removed */
  purge: ({ statements }: OpenedFile, nowSeconds: number): number =>
    Number(statements.purge.run(nowSeconds).changes),

  /** @returns how many of its tokens were good, and now lead to the new place */
  move: (
    { statements }: OpenedFile,
    uuid: string,
    host: string,
    port: number,
    updatedAt: string,
    nowSeconds: number,
  ): number => {
    statements.deleteOthersAt.run(host, port, null, uuid);
    return Number(statements.move.run(host, port, updatedAt, uuid, nowSeconds).changes);
  },
};

export type Reads = typeof reads;
export type Writes = typeof writes;
export type QuestionName = keyof Reads | keyof Writes;

/** What a question is asked with. */
export type ArgumentsOf<Question> = Question extends (
  file: OpenedFile,
  ...given: infer Given
) => unknown
  ? Given
  : never;

/** Whether a question changes the file. */
export function isWrite(name: QuestionName): name is keyof Writes {
  return name in writes;
}

/**
 * Answers a question; a write as one transaction, which takes the write lock first.
 *
 * @throws what SQLite throws, "busy" included; nothing has been changed then
 */
export function answerQuestion(
  file: OpenedFile,
  name: QuestionName,
  given: readonly unknown[],
): unknown {
  // The types were checked where the question was asked: SqliteThread.
  type Answer = (file: OpenedFile, ...given: readonly unknown[]) => unknown;
  if (!isWrite(name)) return (reads[name] as Answer)(file, ...given);
  const { database } = file;
  database.exec("BEGIN IMMEDIATE");
  try {
    const answer = (writes[name] as Answer)(file, ...given);
    database.exec("COMMIT");
    return answer;
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}
