import {
  checkConfigDeclaration,
  endLeftDeclaration,
  type ProgramDeclaration,
} from "@nova-console/service";

/** What nova-novncproxy says of itself, for its help and its manual page. */
export const declaration = {
  program: "nova-novncproxy",
  summary: "Serve the noVNC page and carry consoles to browsers in WebSockets.",
  commands: [checkConfigDeclaration, endLeftDeclaration],
} as const satisfies ProgramDeclaration;
