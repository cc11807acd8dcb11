import { Child } from "./child.ts";
import { execFile } from "node:child_process";

/** What a program that ran to its end left. */
export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end; any exit status is an answer. */
export async function run(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  await using child = await Child.start(command, args, environment);
  const { status } = await child.ended;
  return { status, stdout: child.stdout, stderr: child.stderr };
}

/** Runs a program that must succeed, for the bytes that it prints. */
export function output(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    execFile(
      command,
      args,
      { encoding: "buffer", env: { ...process.env, ...environment }, maxBuffer: 2 ** 26 },
      (error, stdout) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`${command} failed`, { cause: error }));
      },
    );
  });
}
