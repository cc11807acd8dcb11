import { isIP } from "node:net";

/**
 * Puts the parts of `[database] connection` into a cell's `database_connection`, as nova does:
 * `{scheme}://{username}:{password}@{hostname}:{port}/{path}?{query}#{fragment}`, and `{hostname1}`,
 * `{hostname2}`, ... where there are several hosts. What is not in the URL is empty; a name that nova
 * does not know stays.
 *
 * @see nova/objects/cell_mapping.py, `_format_url`
 */
export function expandCellTemplate(template: string, connection: string | null): string {
  if (connection === null) return template;
  const parts = partsOf(connection);
  return template.replace(/\{\{|\}\}|\{(\w+)\}/g, (text, name: string | undefined) =>
    name === undefined ? text.slice(1) : (parts.get(name) ?? text),
  );
}

/** As Python's `urlparse` splits it: nothing is percent-decoded. */
function partsOf(connection: string): ReadonlyMap<string, string> {
  const match = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/is.exec(
    connection,
  );
  const [, scheme = "", location = "", path = "", query = "", fragment = ""] = match ?? [];
  const parts = new Map([
    ["scheme", scheme.toLowerCase()],
    ["path", path.replace(/^\/+/, "")],
    ["query", query],
    ["fragment", fragment],
  ]);
  const add = (text: string, suffix: string): void => {
    for (const [name, value] of Object.entries(splitLocation(text))) {
      parts.set(`${name}${suffix}`, value);
    }
  };
  add(location, "");
  if (location.includes(",")) {
    for (const [index, each] of location.split(",").entries()) add(each, String(index + 1));
  }
  return parts;
}

/** `user:password@host:port`; the address of an IPv6 host keeps its brackets. */
function splitLocation(text: string): Record<string, string> {
  const at = text.lastIndexOf("@");
  const [username = "", ...password] = (at < 0 ? "" : text.slice(0, at)).split(":");
  const host = text.slice(at + 1);
  const [, literal, name = "", port = ""] =
    /^(?:\[([^\]]*)\]|([^:]*))(?::(.*))?$/s.exec(host) ?? [];
  const hostname = literal !== undefined && isIP(literal) === 6 ? `[${literal}]` : name;
  return { username, password: password.join(":"), hostname, port };
}
