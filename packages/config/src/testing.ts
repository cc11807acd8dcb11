/**
 * What oslo.config 9.0.0 makes of config files and command lines, recorded, with a check that this package makes the same
 * of them. For tests only.
 *
 * @packageDocumentation
 */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";

import { dict, list } from "./container-types.ts";
import { ConfigError } from "./errors.ts";
import { hostDomain, hostname, ipAddress } from "./host-types.ts";
import { float, integer, port, range } from "./number-types.ts";
import { optionGroups } from "./option-groups.ts";
import { option, repeatableOption, type OptionGroups } from "./option.ts";
import { readConfig, type CommandLineValue, type Reading } from "./read-config.ts";
import { boolean, choice, string } from "./text-types.ts";
import type { ConfigValue } from "./value-type.ts";

/** A case: what is read, and what oslo.config makes of it. */
export interface OsloCase {
  readonly name: string;
  /** The command line, paths made absolute. */
  readonly argv: readonly string[];
  /** Whether the case is about the command line; the others name one config file. */
  readonly isCommandLine: boolean;
  readonly expected: Expectation;
}

/** The recorded result. Either `error`, or all of the others. */
interface Expectation {
  /** Files or command line can't be read at all. */
  readonly error?: string;
  readonly stderr?: readonly string[];
  readonly values?: Readonly<Record<string, Readonly<Record<string, ConfigValue>>>>;
  /** `group.option` that the operator set. */
  readonly set?: readonly string[];
  /** What is wrong, by `group.option`. */
  readonly errors?: Readonly<Record<string, string>>;
}

/** Where we differ on purpose, by case. */
const differences: Readonly<
  Record<string, { reason: string; values: Readonly<Record<string, ConfigValue>> }>
> = {
  "16-deprecated": {
    reason: "the names of 2012 go on working, also those that nova 26 has dropped",
    values: {
      "vnc.server_listen": "10.9.9.8",
      "vnc.server_proxyclient_address": "10.9.9.7",
      "vnc.xvpvncproxy_port": 6081,
    },
  },
  "26d-cli-deprecated": {
    reason: "the spelling of 2012 goes on working on the command line too",
    values: { "vnc.novncproxy_port": 4243, "vnc.novncproxy_host": "10.0.0.43" },
  },
  "26e-cli-dash": {
    reason: "dashes are accepted for underscores",
    values: { "vnc.novncproxy_port": 4244 },
  },
};

const text = string();
const unset = { default: null, help: "For a test." } as const;

/** An option of each type; the group of the cases that nova does not have. */
const oracle = {
  multi: repeatableOption(text, { default: [], help: "For a test." }),
  dict: option(dict(), { default: {}, help: "For a test." }),
  float: option(float({ min: 0, max: 1 }), unset),
  int: option(integer({ min: -5, max: 5 }), unset),
  int_choice: option(integer({ choices: [1, 2, 3] }), unset),
  list_bounds: option(list(text, { bounds: true }), unset),
  list_int: option(list(integer()), unset),
  list_quoted: option(list(string({ quotes: true })), unset),
  str: option(text, unset),
  str2: option(text, unset),
  str3: option(text, { default: "$str2", help: "For a test." }),
  str_quotes: option(string({ quotes: true }), unset),
  str_choice: option(choice(["one", "Two"], { ignoreCase: true }), unset),
  str_regex: option(string({ pattern: /^[a-z]+$/ }), unset),
  str_max: option(string({ maxLength: 5 }), unset),
  ip: option(ipAddress(), unset),
  hostname: option(hostname(), unset),
  hostdomain: option(hostDomain(), unset),
  port_default: option(port(), { default: 1, help: "For a test." }),
  bool: option(boolean(), unset),
  range: option(range(), unset),
  renamed: option(text, { ...unset, deprecated: [{ group: "oracle_old", name: "old_name" }] }),
  twice_renamed: option(text, {
    ...unset,
    deprecated: [
      { group: "oracle", name: "old1" },
      { group: "DEFAULT", name: "old2" },
    ],
  }),
  gone: option(text, unset),
  with_dash: option(text, unset),
  MixedCase: option(text, unset),
};

/** Our declarations, and those of nova that the cases set and no program of ours reads. */
export const osloOptionGroups: OptionGroups = {
  ...optionGroups,
  database: {
    ...optionGroups.database,
    slave_connection: option(text, { ...unset, secret: true }),
  },
  api_database: { connection: optionGroups.database.connection },
  oracle,
};

const machine = { hostName: "this-machine", primaryAddress: "192.0.2.1", cores: 4 };

/** All cases, by name. Never empty. */
export function readOsloCases(): OsloCase[] {
  const directory = join(import.meta.dirname, "../src/testdata/oslo-cases");
  const names = readdirSync(directory).sort();
  return names
    .filter((name) => name.endsWith(".expected.json"))
    .map((file) => {
      const name = basename(file, ".expected.json");
      const isCommandLine = names.includes(`${name}.args`);
      const argv = isCommandLine
        ? readFileSync(join(directory, `${name}.args`), "utf8")
            .trimEnd()
            .split("\n")
        : ["--config-file", `@${name}.conf`];
      return {
        name,
        isCommandLine,
        argv: argv.map((word) => (word.startsWith("@") ? join(directory, word.slice(1)) : word)),
        expected: JSON.parse(readFileSync(join(directory, file), "utf8")) as Expectation,
      };
    });
}

/**
 * Asserts that a case's command line is read as oslo.config reads it: the same values, the same options set, the same
 * options wrong.
 *
 * @param parse - the command line's parser
 */
export async function assertReadAsOslo(
  { name, argv, expected }: OsloCase,
  parse: (argv: readonly string[]) => Promise<readonly CommandLineValue[]>,
): Promise<void> {
  const difference = differences[name];
  if (expected.error !== undefined && difference === undefined) {
    await assert.rejects(async () => {
      const reading = read(await parse(argv));
      throw new WrongValues(wrongOptions(reading));
    }, isReportOf(expected));
    return;
  }
  const reading = read(await parse(argv));
  assert.deepEqual(wrongOptions(reading), Object.keys(expected.errors ?? {}).sort());

  const wanted = { ...flatten(expected.values ?? {}), ...difference?.values };
  // Not set, nova serves its distribution's page and we serve our own.
  if (expected.set?.includes("DEFAULT.web") !== true && "DEFAULT.web" in wanted)
    wanted["DEFAULT.web"] = null;
  const found = new Map(
    reading.resolved.map((entry) => [`${entry.group}.${entry.name}`, recorded(entry)]),
  );
  for (const [key, value] of Object.entries(wanted)) {
    assert.deepEqual([key, found.get(key)], [key, value]);
  }

  if (expected.set === undefined) return;
  const set = reading.resolved.filter(({ given, problem }) => given !== null && problem === null);
  assert.deepEqual(
    set.map((entry) => `${entry.group}.${entry.name}`).sort(),
    [
      ...new Set([
        ...expected.set.map((key) => underscored(key)),
        ...Object.keys(difference?.values ?? {}),
      ]),
    ].sort(),
  );
}

class WrongValues extends Error {
  override readonly name = "WrongValues";
  readonly options: readonly string[];

  constructor(options: readonly string[]) {
    super(`wrong: ${options.join(", ") || "nothing"}`);
    this.options = options;
  }
}

/** Is the report about the line, or the option, that oslo.config's is about? */
function isReportOf({ error, stderr = [] }: Expectation): (report: unknown) => boolean {
  return (report) => {
    if (report instanceof WrongValues) {
      const option = /^argument --(\w+):/.exec(stderr.join())?.[1] ?? "?";
      return report.options.includes(`vnc.${option}`);
    }
    if (report instanceof ConfigError) {
      // oslo.config finds out that there was no group only at the line after the value.
      const line =
        error?.includes("Section must be started") === true
          ? "1"
          : /:(\d+),/.exec(error ?? "")?.[1];
      return report.message.includes(line === undefined ? "not found" : `.conf:${line}: `);
    }
    const option = /argument (--\w+):/.exec(stderr.join())?.[1];
    return option !== undefined && report instanceof Error && report.message.includes(option);
  };
}

function read(commandLine: readonly CommandLineValue[]): Reading {
  const nowhere = join(import.meta.dirname, "no-such-directory");
  return readConfig(
    { program: "nova-novncproxy", homeDirectory: nowhere, rootDirectory: nowhere, commandLine },
    osloOptionGroups,
    machine,
  );
}

function wrongOptions({ resolved }: Reading): string[] {
  return resolved
    .filter(({ problem }) => problem !== null)
    .map(({ group, name }) => `${group}.${name}`)
    .sort();
}

function flatten(
  values: Readonly<Record<string, Readonly<Record<string, ConfigValue>>>>,
): Record<string, ConfigValue> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([group, options]) =>
      Object.entries(options).map(([name, value]) => [underscored(`${group}.${name}`), value]),
    ),
  );
}

/** The name that a config file uses. */
function underscored(key: string): string {
  return key.replaceAll("-", "_");
}

/** A value as the cases record it. */
function recorded({ name, value }: { name: string; value: ConfigValue }): ConfigValue {
  if (value === machine.hostName || value === machine.primaryAddress) return "<this machine>";
  if (Number.isNaN(value)) return "nan";
  if (name === "config_file" && Array.isArray(value))
    return value.map((path) => basename(String(path)));
  if (name === "config_dir" && Array.isArray(value))
    return value.map((path) => basename(String(path)));
  if (name === "range" && typeof value === "object" && value !== null && "start" in value) {
    return `range(${JSON.stringify(value["start"])}, ${JSON.stringify(value["stop"])})`;
  }
  return value;
}
