/**
 * Turns the path of a request target into names below the web root.
 *
 * Escapes are decoded once; `.` and `..` are resolved within the root, which nothing gets out of.
 *
 * @returns null if no file can have that path (NUL, escapes that are no UTF-8)
 */
export function pathNames(path: string): string[] | null {
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return null;
  }
  if (decoded.includes("\0")) return null;
  const names: string[] = [];
  for (const name of decoded.split("/")) {
    if (name === "" || name === ".") continue;
    if (name === "..") names.pop();
    else names.push(name);
  }
  return names;
}

/**
 * Builds the Location that adds a directory's missing slash. It never leaves this host: what a
 * browser would take for the start of another host's name (`//`, `/\`) is collapsed or escaped.
 *
 * @param path - of the request target, still escaped
 * @param query - without `?`; kept, as nova does
 * @see OSSA-2021-002
 */
export function directoryLocation(path: string, query: string): string {
  const onThisHost = `/${path.replace(/^[/\\]+/, "").replaceAll("\\", "%5C")}`;
  const slashed = onThisHost.endsWith("/") ? onThisHost : `${onThisHost}/`;
  return query === "" ? slashed : `${slashed}?${query}`;
}
