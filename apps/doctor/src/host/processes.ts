import { readdir, readFile, readlink } from "node:fs/promises";

/** A process, as /proc shows it. */
export interface ProcessFacts {
  readonly pid: number;
  /** Short name, as `ps` shows it. */
  readonly comm: string;
  /** Words of its command line; of a program that has set a title, that. */
  readonly words: readonly string[];
  /** File that it runs; null if this user may not see it. */
  readonly exe?: string | null;
}

/** A process that is one of nova's console programs. */
export interface ConsoleProcess extends ProcessFacts {
  readonly program: ConsoleProgram;
  /** Of ours, or nova's own in Python. */
  readonly maker: "ours" | "python";
}

/** Programs that both nova and we have. */
export type ConsoleProgram = "nova-novncproxy" | "nova-xvpvncproxy" | "nova-consoleauth";

const PROGRAM = /^(?:.*\/)?(nova-(?:novncproxy|xvpvncproxy|consoleauth))(?:\.cjs|\.js)?$/;

/** Reads what runs on this host; what this user may not see is left out. */
export async function gatherProcesses(): Promise<ProcessFacts[]> {
  const names = await readdir("/proc");
  const found = await Promise.all(
    names.filter((name) => /^\d+$/.test(name)).map((name) => readProcess(Number(name))),
  );
  return found.filter((process) => process !== null);
}

/** Recognizes a console program by its command line. @returns null if it is none */
export function consoleProcessOf(process: ProcessFacts): ConsoleProcess | null {
  // A title takes the place of the words, and of the interpreter among them.
  const interpreter = process.exe ?? process.words[0] ?? "";
  const program = process.words
    .slice(0, 6)
    .map((word) => PROGRAM.exec(word.replace(/[ :].*/, ""))?.[1])
    .find((found) => found !== undefined);
  if (program === undefined) return null;
  const isPython = /(^|\/)python[\d.]*$/.test(interpreter);
  const isNode = /(^|\/)node(js)?$/.test(interpreter);
  if (!isPython && !isNode) return null;
  return {
    ...process,
    program: program as ConsoleProgram,
    maker: isPython ? "python" : "ours",
  };
}

/** Which processes hold a socket, by inode; those of other users are seen by root only. */
export async function holdersOf(
  inodes: ReadonlySet<string>,
  processes: readonly ProcessFacts[],
): Promise<ProcessFacts[]> {
  const held = await Promise.all(
    processes.map(async (process) => {
      const directory = `/proc/${process.pid}/fd`;
      const descriptors = await readdir(directory).catch(() => []);
      for (const descriptor of descriptors) {
        const link = await readlink(`${directory}/${descriptor}`).catch(() => "");
        const inode = /^socket:\[(\d+)\]$/.exec(link)?.[1];
        if (inode !== undefined && inodes.has(inode)) return process;
      }
      return null;
    }),
  );
  return held.filter((process) => process !== null);
}

async function readProcess(pid: number): Promise<ProcessFacts | null> {
  try {
    const [comm, line, exe] = await Promise.all([
      readFile(`/proc/${pid}/comm`, "utf8"),
      readFile(`/proc/${pid}/cmdline`, "utf8"),
      // After an upgrade the file of those that still run is gone.
      readlink(`/proc/${pid}/exe`).then(
        (path) => path.replace(/ \(deleted\)$/, ""),
        () => null,
      ),
    ]);
    return { pid, exe, comm: comm.trim(), words: line.slice(0, 4096).split("\0").filter(Boolean) };
  } catch {
    // It ended between the two.
    return null;
  }
}
