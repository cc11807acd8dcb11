import { printableLine } from "./printable-line.ts";
import { serverName } from "./server-name.ts";
import type { ViewerTicket } from "./viewer-access.ts";

/** Words that every shell takes as they are. */
const PLAIN_WORD = /^[\w./:@%+=,-]+$/;

/**
 * Writes the command line that opens a console with TigerVNC, for a POSIX shell: it reads user name
 * and password from the environment, where other users of the machine do not see them.
 *
 * ```
 * VNC_USERNAME=console VNC_PASSWORD=... vncviewer -SecurityTypes=X509Plain HOST::PORT
 * ```
 *
 * @returns one line, with the token in it; null if nothing that TigerVNC speaks is offered
 */
export function vncviewerCommand(ticket: ViewerTicket): string | null {
  const { address, security, username, password } = ticket;
  if (security === null || password === null) return null;
  return [
    ...(security === "VncAuth" ? [] : [`VNC_USERNAME=${shellWord(username)}`]),
    `VNC_PASSWORD=${shellWord(password)}`,
    "vncviewer",
    `-SecurityTypes=${security}`,
    shellWord(serverName(address)),
  ].join(" ");
}

function shellWord(text: string): string {
  const line = printableLine(text);
  return PLAIN_WORD.test(line) ? line : `'${line.replaceAll("'", `'\\''`)}'`;
}
