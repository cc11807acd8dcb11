import type { Config } from "@nova-console/config";

/** Which of the log's further destinations are wanted. */
type LogDestinations = Pick<
  Config["DEFAULT"],
  "use_syslog" | "syslog_log_facility" | "use_journal"
>;

/** Makes the commands that pass the log on to syslog and to systemd's journal. @see logger(1), systemd-cat(1) */
export function logCommands(
  program: string,
  pid: number,
  { use_syslog, syslog_log_facility, use_journal }: LogDestinations,
): [string, ...string[]][] {
  const facility = syslog_log_facility.replace(/^LOG_/i, "").toLowerCase();
  return [
    ...(use_syslog ? [loggerCommand(program, pid, facility)] : []),
    ...(use_journal ? [journalCommand(program)] : []),
  ];
}

function loggerCommand(program: string, pid: number, facility: string): [string, ...string[]] {
  return [
    ...(["logger", "--tag", program, `--id=${pid}`] as const),
    // A prefix of a line says its level; without a facility of its own it gets this one.
    ...["--priority", `${facility}.info`, "--prio-prefix", "--socket-errors=on"],
  ];
}

function journalCommand(program: string): [string, ...string[]] {
  return ["systemd-cat", "--identifier", program, "--level-prefix=true"];
}
