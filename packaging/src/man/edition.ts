import type { Edition } from "./roff.ts";

/** What an edition's date and version are found from. */
export interface EditionSources {
  /** Seconds since the epoch; reproducible-builds.org's SOURCE_DATE_EPOCH. */
  readonly sourceDateEpoch: string | undefined;
  readonly version: string;
  /** Text of CHANGELOG.md, in which a released version has its date: `## 1.2.0 - 2026-11-25`. */
  readonly changeLog: string;
}

/**
 * Tells which edition the pages are: the same for the same sources, whenever they are made.
 *
 * @throws if there is no date, or none that is one
 */
export function editionOf({ sourceDateEpoch, version, changeLog }: EditionSources): Edition {
  const source = `nova-console ${version}`;
  if (sourceDateEpoch !== undefined && sourceDateEpoch !== "") {
    if (!/^\d{1,11}$/.test(sourceDateEpoch)) {
      throw new Error(
        `SOURCE_DATE_EPOCH is ${sourceDateEpoch}: it must be seconds since the epoch`,
      );
    }
    const date = new Date(Number(sourceDateEpoch) * 1000).toISOString().slice(0, 10);
    return { date, source };
  }
  const heading = changeLog.split("\n").find((line) => line.startsWith(`## ${version} - `));
  const date = /\d{4}-\d{2}-\d{2}$/.exec(heading ?? "")?.[0];
  if (date === undefined) {
    throw new Error(
      `version ${version} has no date in CHANGELOG.md: set SOURCE_DATE_EPOCH, such as to $(git log -1 --format=%ct)`,
    );
  }
  return { date, source };
}
