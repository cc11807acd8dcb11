import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { CommandDeclaration } from "../command-line.ts";
import { messageOf } from "../errors.ts";
import { ExitStatus } from "../exit-status.ts";
import type { CommandContext, ProgramCommand, ProgramName } from "../program-spec.ts";
import { askLeftWorker } from "./ask-left-worker.ts";
import { leftDirectoryOf, type LeftSocket } from "./left-directory.ts";
import { parseLeftReport } from "./left-report.ts";
import { isAlive } from "./left-workers.ts";

const DEFAULT_TIMEOUT_SECONDS = 30;
const ANSWER_LIMIT_MS = 2_000;
const POLL_INTERVAL_MS = 50;

/** The command of both proxies that ends what restarts left. */
export const endLeftDeclaration = {
  name: "end-left",
  usage: "end-left [--timeout SECONDS]",
  summary:
    "End the consoles that earlier starts of this service carry on. Those of the running one go on.",
  options: {
    timeout: {
      type: "integer",
      placeholder: "SECONDS",
      help: `How long a worker may take; one that hangs is killed then. ${DEFAULT_TIMEOUT_SECONDS} if not given.`,
    },
  },
} as const satisfies CommandDeclaration;

/** The command with what it does, for one of the proxies. */
export function endLeftCommand(program: ProgramName): ProgramCommand {
  return { ...endLeftDeclaration, run: (context) => endLeft(program, context) };
}

/** @returns 0 if no left worker remains, 1 if one does */
async function endLeft(
  program: ProgramName,
  { config, args, print }: CommandContext,
): Promise<number> {
  const sockets = await leftDirectoryOf(program, config).list();
  const { timeout = DEFAULT_TIMEOUT_SECONDS } = args;
  const untilMs = performance.now() + Number(timeout) * 1000;
  const ends = await Promise.all(
    sockets.map((socket) => endWorker(program, socket, untilMs, print)),
  );
  const ended = ends.filter((end) => end === "ended").length;
  if (ended === 0 && !ends.includes("remains")) print("no worker of an earlier start is left\n");
  return ends.includes("remains") ? ExitStatus.Failure : ExitStatus.Ok;
}

async function endWorker(
  program: ProgramName,
  { path, pid }: LeftSocket,
  untilMs: number,
  print: (text: string) => void,
): Promise<"absent" | "ended" | "remains"> {
  // A file that a killed worker left: the next start removes it.
  if (!isAlive(pid)) return "absent";
  try {
    const { body } = await askLeftWorker(path, "GET", "/v1/report", ANSWER_LIMIT_MS);
    print(`worker ${pid}: ending ${parseLeftReport(body).sessions.length} consoles\n`);
    await askLeftWorker(path, "POST", "/v1/end", ANSWER_LIMIT_MS);
  } catch (error) {
    if (!isAlive(pid)) return "ended";
    if (!isLeftWorker(program, pid)) return "absent";
    print(`worker ${pid} does not answer: ${messageOf(error)}\n`);
  }
  while (isAlive(pid)) {
    if (performance.now() > untilMs) return kill(program, pid, print);
    await delay(POLL_INTERVAL_MS);
  }
  print(`worker ${pid} has ended\n`);
  return "ended";
}

function kill(
  program: ProgramName,
  pid: number,
  print: (text: string) => void,
): "ended" | "remains" {
  try {
    if (!isLeftWorker(program, pid)) throw new Error("its title is not that of a left worker");
    process.kill(pid, "SIGKILL");
    print(`worker ${pid} did not end in time and was killed\n`);
    return "ended";
  } catch (error) {
    print(`worker ${pid} did not end in time and cannot be killed: ${messageOf(error)}\n`);
    return "remains";
  }
}

/** Whether a process has the title that workers take when they are left: a process id may have been given anew. */
function isLeftWorker(program: ProgramName, pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1").startsWith(`${program}: `);
  } catch {
    return false;
  }
}
