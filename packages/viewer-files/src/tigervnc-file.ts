import { printableLine } from "./printable-line.ts";
import { serverName } from "./server-name.ts";
import type { ViewerTicket } from "./viewer-access.ts";

/** The viewer refuses a whole file for one line of 256 bytes or more. */
const MAX_LINE_BYTES = 255;

/**
 * Writes the configuration file that TigerVNC's viewer opens. It has no word for a password, so a
 * comment says what to paste.
 *
 * @param title - what console it is, for whoever reads the file; null if unknown
 * @returns a text with the token in it
 * @see vncviewer(1), "FILES"
 */
export function tigerVncFile(ticket: ViewerTicket, title: string | null): string {
  const { address, security } = ticket;
  const comments = [...(title === null ? [] : [title]), ...pasteWords(ticket)]
    .map((words) => `# ${printableLine(words)}`)
    // Half a password would only mislead.
    .filter((line) => Buffer.byteLength(line) <= MAX_LINE_BYTES);
  const lines = [
    "TigerVNC Configuration file Version 1.0",
    ...comments,
    `ServerName=${serverName(address)}`,
    ...(security === null ? [] : [`SecurityTypes=${security}`]),
    // Everybody who has the token shares the screen: no viewer shuts the others out.
    "Shared=1",
    "",
  ];
  return lines.join("\n");
}

function pasteWords({ security, username, password, viewerPassword }: ViewerTicket): string[] {
  const words: string[] = [];
  if (security !== null && security !== "VncAuth")
    words.push(`User name: ${username} (any will do)`);
  if (password !== null) words.push(`Password: ${password}`);
  if (viewerPassword !== null && viewerPassword !== password) {
    words.push(`Password for a viewer that asks for no user name: ${viewerPassword}`);
  }
  return words;
}
