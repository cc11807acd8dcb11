import {
  checkConfigCommand,
  SettingError,
  type CommandContext,
  type CommandDeclaration,
  type ProgramCommand,
  type ProgramSpec,
} from "@nova-console/service";
import { InvalidConsoleRequestError } from "@nova-console/token";
import { openTokenAuthority } from "@nova-console/token-stores";
import { declarations } from "./command-declarations.ts";
import * as commands from "./commands.ts";
import { consoleSettingsOf } from "./console-settings.ts";
import { declaration } from "./declaration.ts";
import type { TokenInput } from "./given-token.ts";
import { startConsoleauth } from "./consoleauth-service.ts";

/** Longest that a command may take; only libvirt and standard input can make one wait. */
const COMMAND_TIMEOUT_MS = 30_000;

/** The same where a person types. */
const PERSON_TIMEOUT_MS = 120_000;

/** What the program has of its process. */
export interface ProgramSurroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly input: TokenInput;
}

/** Describes nova-consoleauth for `runProgram`. */
export function createProgram(surroundings: ProgramSurroundings): ProgramSpec {
  const command = (declaration: CommandDeclaration, run: commands.Command): ProgramCommand => ({
    ...declaration,
    run: (context) => runCommand(run, context, surroundings),
  });
  return {
    ...declaration,
    commands: [
      command(declarations.authorize, commands.authorize),
      command(declarations.check, commands.check),
      command(declarations.revoke, commands.revoke),
      command(declarations.list, commands.list),
      command(declarations.purge, commands.purge),
      command(declarations.move, commands.move),
      checkConfigCommand((config) => void consoleSettingsOf(config)),
    ],
    start: async ({ config, log }) => {
      const store = await openTokenAuthority(config, { ...surroundings, log });
      try {
        return await startConsoleauth({ config, store, log });
      } catch (error) {
        await store.close();
        throw error;
      }
    },
  };
}

async function runCommand(
  run: commands.Command,
  { config, args, print, log }: CommandContext,
  surroundings: ProgramSurroundings,
): Promise<number> {
  const store = await openTokenAuthority(config, surroundings);
  try {
    const settings = consoleSettingsOf(config);
    const isPerson = args["token"] === "-" && surroundings.input.standardInput.isTTY === true;
    const signal = AbortSignal.timeout(isPerson ? PERSON_TIMEOUT_MS : COMMAND_TIMEOUT_MS);
    const { text, json, exitStatus } = await run(
      { ...surroundings, store, settings, signal, log },
      args,
    );
    const output = args["json"] === true ? JSON.stringify(json) : text;
    if (output !== "") print(`${output}\n`);
    return exitStatus;
  } catch (error) {
    if (error instanceof InvalidConsoleRequestError) throw usageErrorFrom(error);
    throw error;
  } finally {
    await store.close();
  }
}

/** What the user or operator must change ends the program with status 2. */
function usageErrorFrom(error: Error): SettingError {
  return new SettingError(error.message, { cause: error });
}
