import cluster from "node:cluster";
import { readFileSync } from "node:fs";
import { availableParallelism, homedir, hostname, networkInterfaces } from "node:os";
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
import { StreamSink } from "./log-sink.ts";
import { escapeControls } from "./log-text.ts";
import { createLog, type Log } from "./logger.ts";
import { prepare } from "./prepare-service.ts";
import { primaryAddress } from "./primary-address.ts";
import { catchBugs, complain, openLog } from "./program-log.ts";
import type { ProgramCommand, ProgramSpec } from "./program-spec.ts";
import { serve } from "./serve.ts";
import { ServiceNotifier } from "./service-notifier.ts";
import { withSources } from "./with-sources.ts";
import { runWorker } from "./workers/run-worker.ts";

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
    complain(spec.program, `a bug: ${error.stack ?? error.message}`);
    process.exit(ExitStatus.Failure);
  });
  if (cluster.isWorker) {
    runWorker(spec);
    return;
  }
  const status = await run(spec).catch((error: unknown) => {
    complain(spec.program, messageOf(error));
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
    complain(spec.program, withSources(messageOf(error), loaded.sources));
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
  const log = openLog(spec, config);
  catchBugs(spec, log);
  for (const warning of loaded.warnings) log.logger.warn(warning);
  const notifier = createNotifier(log);
  const service = prepare(spec, config, log.logger);
  return serve({
    ...{ start: service.start, log, notifier },
    reopenLog: () => {
      log.sink.reopen();
      service.reopenLogs();
    },
    readConfig: () => {
      const { values, warnings } = load(spec, parsed.values);
      return { config: values, warnings };
    },
    onReady: () => {
      tellForeground(process);
    },
    onStartFailed: (line) => {
      const told = withSources(line, loaded.sources);
      complain(spec.program, told);
      if (log.toFile) log.logger.error(told);
    },
    exit: (status) => {
      service.kill();
      process.exit(status);
    },
    signals: process,
  });
}

function load(spec: ProgramSpec, commandLine: readonly CommandLineValue[]): LoadedConfig {
  return loadConfig({
    program: spec.program,
    homeDirectory: homedir(),
    hostName: hostname(),
    primaryAddress: primaryAddress(networkInterfaces()),
    cores: availableParallelism(),
    commandLine,
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
