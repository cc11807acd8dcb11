import type { Config } from "@nova-console/config";
import type { CommandDeclaration } from "./command-line.ts";
import { ExitStatus } from "./exit-status.ts";
import type { ProgramCommand } from "./program-spec.ts";

/** The command by which a reload or an upgrade finds out whether the service could start again. */
export const checkConfigDeclaration = {
  name: "check-config",
  usage: "check-config",
  summary:
    "Check nova.conf, certificate and key as a start would, and print what is wrong. Nothing is started.",
  options: {},
} as const satisfies CommandDeclaration;

/**
 * The command with what it does. Options are checked before it runs.
 *
 * @param check - throws what a start with this configuration would throw
 */
export function checkConfigCommand(check: (config: Config) => void): ProgramCommand {
  return {
    ...checkConfigDeclaration,
    run: ({ config }) => {
      check(config);
      return Promise.resolve(ExitStatus.Ok);
    },
  };
}
