import {
  checkConfigDeclaration,
  endLeftDeclaration,
  type ProgramDeclaration,
} from "@nova-console/service";

/** What nova-xvpvncproxy says of itself, for its help and its manual page. */
export const declaration = {
  program: "nova-xvpvncproxy",
  summary: "Carry consoles to desktop viewers: to any stock one, and to those that speak XVP.",
  commands: [checkConfigDeclaration, endLeftDeclaration],
} as const satisfies ProgramDeclaration;
