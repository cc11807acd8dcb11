/** Legal in an unquoted value for Python's http.cookies. */
const UNQUOTED = /^[\w!#%&'~`><@,:/$*+.^|)(?}{=[\]-]*$/;
const QUOTED = /^"(?:[^\\"]|\\.)*"$/;
const OCTAL_OR_ESCAPED = /\\(?:([0-3][0-7][0-7])|(.))/g;

/**
 * Reads one cookie out of a Cookie header as nova does through Python's `SimpleCookie`: names are
 * case-sensitive, the last one counts, quotes are taken off, malformed cookies are passed over.
 *
 * @returns undefined if there is no such cookie; the value may be empty
 * @see nova/console/websocketproxy.py `new_websocket_client`
 */
export function cookieValue(header: string, name: string): string | undefined {
  let found: string | undefined;
  for (const part of header.split(";")) {
    const equals = part.indexOf("=");
    if (equals === -1 || part.slice(0, equals).trim() !== name) continue;
    const value = part.slice(equals + 1).trim();
    if (QUOTED.test(value)) found = unquote(value.slice(1, -1));
    else if (UNQUOTED.test(value)) found = value;
  }
  return found;
}

function unquote(text: string): string {
  return text.replace(OCTAL_OR_ESCAPED, (_, octal: string | undefined, escaped: string) =>
    octal === undefined ? escaped : String.fromCharCode(parseInt(octal, 8)),
  );
}
