import { accessSync } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { ConfigError, optionGroups, type LoadedConfig } from "@nova-console/config";
import type { ToolContext } from "@nova-console/service";
import { finding, fine, notChecked, type Result } from "../finding.ts";
import type { ConsoleProgram } from "../host/processes.ts";
import { findObstacle, type ServiceUser } from "../host/service-user.ts";

/** The configuration of each program, or what is wrong with it. */
export interface ConfigReading {
  readonly loaded: ReadonlyMap<ConsoleProgram, LoadedConfig>;
  readonly errors: readonly ConfigError[];
  /** Why a program would refuse the words that it is started with. */
  readonly refusals: readonly string[];
}

const PROGRAMS: readonly ConsoleProgram[] = [
  "nova-novncproxy",
  "nova-xvpvncproxy",
  "nova-consoleauth",
];

/** Loads what each of the services would. @param words - that each is started with */
export async function readConfigs(
  load: ToolContext["loadConfigOf"],
  words: ReadonlyMap<ConsoleProgram, readonly string[]>,
  home: string | undefined,
): Promise<ConfigReading> {
  const loaded = new Map<ConsoleProgram, LoadedConfig>();
  const errors: ConfigError[] = [];
  const refusals: string[] = [];
  for (const program of PROGRAMS) {
    try {
      loaded.set(program, await load(program, words.get(program) ?? [], home));
    } catch (error) {
      if (isRefusal(error)) {
        refusals.push(error.message);
        continue;
      }
      if (!(error instanceof ConfigError)) throw error;
      if (!errors.some(({ message }) => message === error.message)) errors.push(error);
    }
  }
  return { loaded, errors, refusals };
}

/** A command line that a service would end with, as by a wrong word in its unit's OPTIONS. */
function isRefusal(error: unknown): error is Error {
  return error instanceof Error && "code" in error && error.code === "SERVICE_ERR_USAGE";
}

/** What the configuration itself says: wrong lines, names that nobody reads. */
export function judgeConfig({ loaded, errors, refusals }: ConfigReading): Result[] {
  const hidden = errors.filter((error) => isHidden(error));
  const wrong = errors
    .filter((error) => !isHidden(error))
    .flatMap((error) =>
      error.message
        .split("\n")
        .map((line) =>
          error.code === "CONFIG_ERR_FILE"
            ? finding("config-unreadable", line, [
                "ls -lZ the file; name the right one with --config-file",
              ])
            : finding("config-invalid", line, [
                `edit ${fileOf(line) ?? "the file"}`,
                "nova-novncproxy --print-config",
              ]),
        ),
    );
  const warnings = new Set([...loaded.values()].flatMap((each) => each.warnings));
  const unread = [...warnings].filter((line) => /is not an option|is not read/.test(line));
  const older = [...warnings].filter((line) => line.includes("is an old name"));
  const files = new Set([...loaded.values()].flatMap((each) => each.files));
  const notes = older.length === 0 ? "" : `; ${older.length} older names, which still work`;
  const read =
    files.size === 0
      ? "no config file: every option has its default"
      : `${[...files].join(", ")}${notes}`;
  return [
    ...refusals.map((message) =>
      finding("config-invalid", `the unit's command line: ${message}`, [
        "edit OPTIONS in /etc/sysconfig/UNIT    (Debian: /etc/default/UNIT), or: systemctl cat UNIT",
      ]),
    ),
    ...wrong,
    ...hidden.map(({ message }) => notChecked(`${message}; run this as root`)),
    ...unread.map((line) =>
      finding("config-unknown-option", line, [`edit ${fileOf(line) ?? "the file"}`]),
    ),
    ...(loaded.size === 0 ? [] : [files.size === 0 && mayHide() ? notChecked(HIDDEN) : fine(read)]),
  ];
}

const USUAL_FILE = "/etc/nova/nova.conf";
const HIDDEN = `this user may not look into ${dirname(USUAL_FILE)}, so every option has its default here; run this as root`;

/** Whether nova.conf may be where this user cannot see it. */
function mayHide(): boolean {
  try {
    accessSync(USUAL_FILE);
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EACCES";
  }
}

/** That this user may not read nova.conf is as it should be. */
function isHidden({ cause }: ConfigError): boolean {
  return (
    process.getuid?.() !== 0 && cause instanceof Error && "code" in cause && cause.code === "EACCES"
  );
}

/** Whether the services can read the files, and whether everybody can read their secrets. */
export async function checkConfigFiles(
  { loaded }: ConfigReading,
  user: ServiceUser | null,
  userName: string,
): Promise<Result[]> {
  const results: Result[] = [];
  const files = [...new Set([...loaded.values()].flatMap((each) => each.files))];
  const secrets = new Set(
    [...loaded.values()].flatMap((each) => [...secretsIn(each), ...secretFilesOf(each)]),
  );
  if (user === null)
    results.push(notChecked(`there is no user ${userName} who must read the files`));
  else {
    for (const file of files) {
      const obstacle = await findObstacle(file, user, ["r"]);
      if (obstacle === null) continue;
      results.push(
        finding(
          "config-not-for-service",
          `${user.name} cannot read ${file}: ${whyNot(file, obstacle)}`,
          [...ownershipCommands(file, obstacle, user.name)],
        ),
      );
    }
  }
  for (const file of secrets) {
    const found = await stat(file).catch(() => null);
    if (found === null || !found.isFile() || (found.mode & 0o004) === 0) continue;
    const mode = (found.mode & 0o777).toString(8).padStart(4, "0");
    results.push(
      finding("secret-world-readable", `${file} holds secrets, and its mode is ${mode}`, [
        `chown root:${userName} ${file}`,
        `chmod 0640 ${file}`,
      ]),
    );
  }
  const problems = results.some(({ kind }) => kind === "finding");
  if (!problems && user !== null && files.length > 0) {
    results.push(
      fine(
        `the user ${user.name} can read ${files.length === 1 ? "it" : "them"}; secrets are not for everybody`,
      ),
    );
  }
  return results;
}

/** What stands in the way, for a message. */
export function whyNot(file: string, obstacle: string): string {
  return obstacle === file ? "its owner and mode do not allow it" : `it may not pass ${obstacle}`;
}

/** Commands that let the service at a file. */
export function ownershipCommands(file: string, obstacle: string, user: string): string[] {
  return obstacle === file
    ? [`chown root:${user} ${file}`, `chmod 0640 ${file}`]
    : [`chgrp ${user} ${obstacle} && chmod g+x ${obstacle}`];
}

/** Files in which a secret option is set. */
function secretsIn({ sources, values }: LoadedConfig): string[] {
  return Object.entries(optionGroups).flatMap(([group, options]) =>
    Object.entries(options).flatMap(([name, option]) => {
      const value = (values as Readonly<Record<string, Readonly<Record<string, unknown>>>>)[
        group
      ]?.[name];
      const file = fileOf(sources[`${group}.${name}`] ?? "");
      return option.secret && value !== null && value !== "" && file !== null ? [file] : [];
    }),
  );
}

/** Files that are a secret. */
function secretFilesOf({ values, sources }: LoadedConfig): string[] {
  const { DEFAULT, vnc, consoleauth, console_proxy } = values;
  // The default is a file of whatever directory one is in.
  const cert = sources["DEFAULT.cert"] === "default" ? null : DEFAULT.cert;
  return [
    DEFAULT.key === null || DEFAULT.key === "" ? cert : DEFAULT.key,
    vnc.vencrypt_client_key,
    consoleauth.api_secret_file,
    console_proxy.backend_password_file,
    console_proxy.viewer_password_secret_file,
  ].flatMap((file) => (file === null || file === "" ? [] : [file]));
}

/** `/etc/nova/nova.conf` of `/etc/nova/nova.conf:12: ...`. */
function fileOf(source: string): string | null {
  return /^(\/[^:]*|[^:\s]+):\d+/.exec(source)?.[1] ?? null;
}
