import { checkConfigDeclaration, type ProgramDeclaration } from "@nova-console/service";
import { declarations } from "./command-declarations.ts";

/** What nova-consoleauth says of itself and can be told, for its help and its manual page. */
export const declaration = {
  program: "nova-consoleauth",
  summary:
    "Issues, checks and revokes console tokens. Without a command it serves: it purges expired tokens and answers the HTTP API.",
  commands: [...Object.values(declarations), checkConfigDeclaration],
} as const satisfies ProgramDeclaration;
