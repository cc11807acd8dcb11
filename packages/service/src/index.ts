/**
 * What every program needs around it: command line, configuration, log, signals, systemd, exit
 * status.
 *
 * A program hands `runProgram` what it does when it is started, and gets its configuration and log
 * in return. Here alone the process, the environment and the clock are read.
 *
 * @packageDocumentation
 */
export { checkConfigCommand, checkConfigDeclaration } from "./check-config.ts";
export type { ServiceMetrics } from "./admin/service-metrics.ts";
export type { ServiceView, ViewedSession } from "./admin/service-view.ts";
export { createBoundedServer, MAX_HEAD_BYTES } from "./bounded-server.ts";
export type {
  CommandArguments,
  CommandDeclaration,
  CommandOperand,
  CommandOption,
} from "./command-line.ts";
export { optionKey } from "./command-line-words.ts";
export { AddressError, LogFileError, ServiceError, SettingError, WorkerError } from "./errors.ts";
export { ConnectionLimitReport, type ConnectionLimitOption } from "./connection-limit-report.ts";
export { ExitStatus } from "./exit-status.ts";
export { listenOn } from "./listen-on.ts";
export { ListeningProxy } from "./listening-proxy.ts";
export {
  type AttemptKind,
  createLoggedThrottle,
  type LoggedThrottleOptions,
  TOKEN_LIMITS,
} from "./logged-throttle.ts";
export { endLeftCommand, endLeftDeclaration } from "./left/end-left.ts";
export type { Logger } from "./logger.ts";
export { nothingToServe } from "./nothing-to-serve.ts";
export { primaryAddress } from "./primary-address.ts";
export type {
  CommandContext,
  ProgramCommand,
  ProgramDeclaration,
  ProgramName,
  ProgramSpec,
  RunningService,
  Slots,
  StartContext,
  WorkerPlace,
  WorkersSpec,
} from "./program-spec.ts";
export {
  asWorker,
  backendSettingsOf,
  proxySettingsOf,
  sessionSlotCounts,
  sessionSlotsOf,
  withTlsFiles,
  type ProxySettings,
} from "./proxy-settings.ts";
export { RepeatedLines, type RepeatedLine } from "./repeated-lines.ts";
export { runProgram } from "./run-program.ts";
export { runningProxy, type RunningProxyOptions } from "./running-proxy.ts";
export { runTool, type ToolCommand, type ToolContext, type ToolSpec } from "./run-tool.ts";
export { SessionLog, type EndedSession, type OpenedSession } from "./session-log.ts";
