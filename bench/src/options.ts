import { parseArgs } from "node:util";
import type { Setting } from "./peers/ours.ts";

/** What the command line asks for. */
export interface Options {
  readonly quick: boolean;
  /** Names of measurements (or how they begin) and of peers; empty: all. */
  readonly only: readonly string[];
  readonly rounds: number;
  /** Measured time of each measurement. */
  readonly seconds: number;
  readonly jsonPath: string | null;
  readonly svgPath: string | null;
  readonly baseline: string | null;
  readonly settings: readonly Setting[];
}

/** What is said for a command line that is not understood. */
export const USAGE = `npm run bench -- [options]
  --quick                   everything once and tiny, for correctness: under a minute
  --only NAME,...           these measurements (or how their names begin) and peers only
  --rounds N                rounds, of which the median is taken (3)
  --seconds S               how long each measurement takes (1.5)
  --json FILE, --svg FILE   write all figures, draw them
  --baseline DIR            compare with another built tree of this repository
  --set GROUP.NAME=VALUE    an option for our programs' nova.conf; again for more
`;

/** A command line that is not understood. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** @throws {@link UsageError} that names what is wrong */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parsed(args);
  return {
    quick: values.quick ?? false,
    only: (values.only ?? []).flatMap((names) => names.split(",")).filter((name) => name !== ""),
    rounds: positive("--rounds", values.rounds ?? (values.quick === true ? "1" : "3"), true),
    seconds: positive(
      "--seconds",
      values.seconds ?? (values.quick === true ? "0.1" : "1.5"),
      false,
    ),
    jsonPath: values.json ?? null,
    svgPath: values.svg ?? null,
    baseline: values.baseline ?? null,
    settings: (values.set ?? []).map(parseSetting),
  };
}

// Its type is long, and that of parseArgs.
function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        quick: { type: "boolean" },
        only: { type: "string", multiple: true },
        rounds: { type: "string" },
        seconds: { type: "string" },
        json: { type: "string" },
        svg: { type: "string" },
        baseline: { type: "string" },
        set: { type: "string", multiple: true },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function positive(name: string, text: string, whole: boolean): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value) && (!whole || Number.isInteger(value))) return value;
  throw new UsageError(`${name} takes a ${whole ? "whole " : ""}number above 0, not "${text}"`);
}

function parseSetting(text: string): Setting {
  const [, group, name, value] = /^([^.=]+)\.([^=]+)=(.*)$/s.exec(text) ?? [];
  if (group === undefined || name === undefined || value === undefined) {
    throw new UsageError(`--set takes GROUP.NAME=VALUE, not "${text}"`);
  }
  return { group, name, value };
}
