/** What a person did to a text, as the keys that do the same at its end. */
export interface TextChange {
  readonly backspaces: number;
  readonly typed: string;
}

/**
 * Finds how `after` comes from `before` by keys typed at the end. Keyboards on a screen change
 * whole words (suggestions, corrections), and tell the page no keys.
 */
export function findTextChange(before: string, after: string): TextChange {
  const old = Array.from(before);
  const now = Array.from(after);
  let same = 0;
  while (same < old.length && same < now.length && old[same] === now[same]) same++;
  return { backspaces: old.length - same, typed: now.slice(same).join("") };
}
