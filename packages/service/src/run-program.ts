import { readFileSync } from "node:fs";
import { homedir, hostname, networkInterfaces } from "node:os";
import {
  loadConfig,
  optionGroups,
  printConfig,
  type CommandLineValue,
  type Config,
  type LoadedConfig,
} from "@nova-console/config";
import { isInBackground, startInBackground, tellForeground } from "./background.ts";
import { parseCommandLine, UsageError, type ParsedCommandLine } from "./command-line.ts";
import { messageOf } from "./errors.ts";
import { ExitStatus, exitStatusOf } from "./exit-status.ts";
import { FileSink, logFilePath, StreamSink, type LogSink } from "./log-sink.ts";
import { escapeControls } from "./log-text.ts";
import { createLog, type Log } from "./logger.ts";
import { primaryAddress } from "./primary-address.ts";
import type { ProgramCommand, ProgramSpec } from "./program-spec.ts";
import { serve } from "./serve.ts";
import { ServiceNotifier } from "./service-notifier.ts";
import { withSources } from "./with-sources.ts";

type RunRequest = Extract<ParsedCommandLine, { kind: "run" }>;

/**
 * Is a program: command line, configuration, log, life cycle, exit status. `main.ts` is one call of it.
 *
 * It ends the process with one of {@link ExitStatus}. A bug that nobody caught is logged with its
 * stack and ends it with 1.
 */
export async function runProgram(spec: ProgramSpec): Promise<void> {
  // Whoever read our output may be gone; that must not end consoles.
  process.stdout.on("error", () => undefined);
  process.stderr.on("error", () => undefined);
  process.on("uncaughtException", (error) => {
    complain(spec, `a bug: ${error.stack ?? error.message}`);
    process.exit(ExitStatus.Failure);
  });
  const status = await run(spec).catch((error: unknown) => {
    complain(spec, messageOf(error));
    return exitStatusOf(error);
  });
  process.exit(status);
}

async function run(spec: ProgramSpec): Promise<number> {
  const { program, summary, commands = [] } = spec;
  const argv = process.argv.slice(2);
  let parsed: ParsedCommandLine;
  try {
    parsed = await parseCommandLine({
      ...{ program, summary, version: version(), argv, optionGroups, commands },
      columns: Math.min(process.stdout.columns || 100, 120),
    });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    // It names the program itself.
    process.stderr.write(`${escapeControls(error.message)}\n`);
    return ExitStatus.Usage;
  }
  if (parsed.kind === "text") {
    print(parsed.text.endsWith("\n") ? parsed.text : `${parsed.text}\n`);
    return ExitStatus.Ok;
  }
  const loaded = load(spec, parsed.values);
  if (parsed.printConfig !== null) {
    print(printConfig(loaded, parsed.printConfig));
    return ExitStatus.Ok;
  }
  const command = commands.find(({ name }) => name === parsed.command);
  try {
    return command === undefined
      ? await runService(spec, parsed, loaded)
      : await runCommand(spec, command, parsed, loaded.values);
  } catch (error) {
    complain(spec, withSources(messageOf(error), loaded.sources));
    return exitStatusOf(error);
  }
}

async function runCommand(
  spec: ProgramSpec,
  command: ProgramCommand,
  { commandArguments: args }: RunRequest,
  config: Config,
): Promise<number> {
  const { logger } = createLog({
    program: spec.program,
    pid: process.pid,
    format: config.console_proxy.log_format,
    level: config.DEFAULT.debug ? "debug" : "warn",
    sink: new StreamSink(process.stderr),
    now: Date.now,
  });
  return command.run({ config, log: logger, args, print });
}

async function runService(
  spec: ProgramSpec,
  parsed: RunRequest,
  loaded: LoadedConfig,
): Promise<number> {
  const { program } = spec;
  const config = loaded.values;
  const reason = spec.enabled?.(config) ?? null;
  if (reason !== null) {
    print(`${program}: ${reason}\n`);
    return ExitStatus.Ok;
  }
  if (config.DEFAULT.daemon && !isInBackground(process.env)) {
    return startInBackground(process, (text) => process.stderr.write(text));
  }
  const { log, sink, toFile } = openLog(spec, config);
  catchBugs(spec, log, toFile);
  for (const warning of loaded.warnings) log.logger.warn(warning);
  return serve({
    ...{ spec, config, log, sink, notifier: createNotifier(log) },
    readConfig: () => {
      const { values, warnings } = load(spec, parsed.values);
      return { config: values, warnings };
    },
    onReady: () => {
      tellForeground(process);
    },
    onStartFailed: (line) => {
      const told = withSources(line, loaded.sources);
      complain(spec, told);
      if (toFile) log.logger.error(told);
    },
    exit: (status) => process.exit(status),
    signals: process,
  });
}

function load(spec: ProgramSpec, commandLine: readonly CommandLineValue[]): LoadedConfig {
  return loadConfig({
    program: spec.program,
    homeDirectory: homedir(),
    hostName: hostname(),
    primaryAddress: primaryAddress(networkInterfaces()),
    commandLine,
  });
}

function openLog(spec: ProgramSpec, config: Config): { log: Log; sink: LogSink; toFile: boolean } {
  const { program } = spec;
  const path = logFilePath(program, config.DEFAULT.log_file, config.DEFAULT.log_dir);
  const sink =
    path === null
      ? new StreamSink(process.stderr)
      : new FileSink(path, Date.now, (line) => {
          complain(spec, line);
        });
  const log = createLog({
    ...{ program, sink, pid: process.pid, now: Date.now },
    format: config.console_proxy.log_format,
    level: config.DEFAULT.debug ? "debug" : "info",
  });
  return { log, sink, toFile: path !== null };
}

/** From here on a bug is told in the log; on standard error too if nobody sees the log there. */
function catchBugs(spec: ProgramSpec, { logger }: Log, toFile: boolean): void {
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", (error, origin) => {
    logger.error(`${origin}: this is a bug, and the program ends`, { error });
    if (toFile) complain(spec, `a bug ended the program, see its log: ${error.message}`);
    process.exit(ExitStatus.Failure);
  });
}

function createNotifier({ logger }: Log): ServiceNotifier {
  const environment = { ...process.env };
  // Ours alone: what we start must not speak for us.
  delete process.env["NOTIFY_SOCKET"];
  return new ServiceNotifier({
    environment,
    pid: process.pid,
    monotonicUsec: () => process.hrtime.bigint() / 1000n,
    onFailure: (why) => {
      logger.warn("systemd cannot be told how the service is", { why });
    },
  });
}

/** All packages have one version; this one's package.json is beside both `src` and `dist`. */
function version(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return /"version": "([^"]+)"/.exec(text)?.[1] ?? "unknown";
}

function print(text: string): void {
  process.stdout.write(text);
}

function complain(spec: ProgramSpec, message: string): void {
  const lines = message.split("\n").map((line) => `${spec.program}: ${escapeControls(line)}\n`);
  process.stderr.write(lines.join(""));
}
