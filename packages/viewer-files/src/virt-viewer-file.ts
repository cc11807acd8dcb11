import { printableLine } from "./printable-line.ts";
import type { ViewerTicket } from "./viewer-access.ts";

/**
 * Writes the connection file that `remote-viewer` opens. It tries what the server offers by itself:
 * the file has no word for that.
 *
 * ```
 * [virt-viewer]
 * type=vnc
 * host=console.example.org
 * port=6081
 * ...
 * ```
 *
 * @param title - what the window is called; null to leave that to the viewer
 * @returns a text with the token in it; the viewer removes the file when it has read it
 * @see remote-viewer(1), "CONNECTION FILE"
 */
export function virtViewerFile(ticket: ViewerTicket, title: string | null): string {
  const { address, username, password } = ticket;
  const entries: readonly (readonly [string, string | null])[] = [
    ["type", "vnc"],
    ["host", address.host],
    ["port", String(address.port)],
    ["username", username],
    ["password", password],
    ["title", title],
    ["delete-this-file", "1"],
  ];
  const lines = entries.flatMap(([key, value]) =>
    value === null ? [] : [`${key}=${keyFileValue(value)}`],
  );
  return ["[virt-viewer]", ...lines, ""].join("\n");
}

/** A value of GLib's key files: a space in front and every backslash are written as escapes. */
function keyFileValue(text: string): string {
  return printableLine(text).replaceAll("\\", "\\\\").replace(/^ /, "\\s");
}
