/**
 * White space as Python's `str.strip()` sees it, which reads nova.conf for nova. JavaScript's `trim()` also takes a
 * byte order mark and leaves U+001C to U+001F and U+0085.
 */
const SPACE =
  "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const LEADING = new RegExp(`^[${SPACE}]+`);
const ONLY_SPACE = new RegExp(`^[${SPACE}]$`);

/** Removes leading white space, as Python's `str.lstrip()` does. */
export function stripStart(text: string): string {
  return text.replace(LEADING, "");
}

/** Removes trailing white space, as Python's `str.rstrip()` does, in time linear in the text. */
export function stripEnd(text: string): string {
  let end = text.length;
  while (end > 0 && ONLY_SPACE.test(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

/** Removes white space from both ends, as Python's `str.strip()` does. */
export function strip(text: string): string {
  return stripStart(stripEnd(text));
}
