import { fileURLToPath } from "node:url";
import { Child } from "./child.ts";
import { run, type Outcome } from "./run.ts";

/** The programs under test, as their packages' bins. */
const bins = {
  "nova-novncproxy": "apps/novncproxy/bin/nova-novncproxy.cjs",
  "nova-xvpvncproxy": "apps/xvpvncproxy/bin/nova-xvpvncproxy.cjs",
  "nova-consoleauth": "apps/consoleauth/bin/nova-consoleauth.cjs",
  "nova-console-demo": "apps/demo/bin/nova-console-demo.cjs",
  "nova-console-doctor": "apps/doctor/bin/nova-console-doctor.cjs",
} as const;

/** Name of a program under test. */
export type Program = keyof typeof bins;

const root = fileURLToPath(new URL("../../../", import.meta.url));

/**
 * Starts a program and does not wait for anything.
 *
 * @param wrap - words of a command that runs it, such as `NameServer.wrap`
 */
export function startProgram(
  program: Program,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  wrap: readonly string[] = [],
): Promise<Child> {
  const [command = "", ...rest] = [...wrap, ...commandOf(program, args)];
  return Child.start(command, rest, environment);
}

/** Words that start a program, for whoever starts it in another way. */
export function commandOf(program: Program, args: readonly string[]): string[] {
  return [process.execPath, root + bins[program], ...args];
}

/** Runs a program to its end. */
export function runProgram(program: Program, args: readonly string[]): Promise<Outcome> {
  return run(process.execPath, [root + bins[program], ...args]);
}
