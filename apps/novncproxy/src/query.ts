/**
 * Splits a query into its names and values, with the semantics of Python's `parse_qs`, which nova
 * reads tokens with: only `&` separates, what has no value is dropped, `+` is a space, percent
 * escapes are UTF-8 and broken ones stay as they are.
 *
 * @param query - what follows `?`, without it; as Node gives it, one character a byte
 * @returns in the order of the query; names may repeat
 * @see nova/console/websocketproxy.py `new_websocket_client`
 */
export function parseQuery(query: string): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  for (const part of query.split("&")) {
    const equals = part.indexOf("=");
    if (equals === -1 || equals === part.length - 1) continue;
    pairs.push([unescapeText(part.slice(0, equals)), unescapeText(part.slice(equals + 1))]);
  }
  return pairs;
}

/** The last value of a name, as nova takes it; undefined if there is none. */
export function lastValue(query: string, name: string): string | undefined {
  return parseQuery(query).findLast(([other]) => other === name)?.[1];
}

const ASCII_RUN = /[^\u0080-\uffff]+/g;
const ESCAPE = /%([0-9A-Fa-f]{2})/g;

function unescapeText(text: string): string {
  const spaced = text.replaceAll("+", " ");
  if (!spaced.includes("%")) return spaced;
  return spaced.replace(ASCII_RUN, (run) => {
    const bytes = run.replace(ESCAPE, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
    return Buffer.from(bytes, "latin1").toString("utf8");
  });
}
