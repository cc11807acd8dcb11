import { DoctorInputError } from "./errors.ts";
import type { Json } from "./firewall/json.ts";

/** Deeper than anything that libvirt, nft or this program writes. */
const MOST_LEVELS = 100;

/**
 * Parses a document that somebody else may have written.
 *
 * @param source - for messages
 * @param expected - what prints such a document
 * @throws {@link DoctorInputError} if it is no JSON, or nested so deep that walking it would overflow the stack
 */
export function parseJson(text: string, source: string, expected: string): Json {
  if (levelsOf(text) > MOST_LEVELS) {
    throw new DoctorInputError(`${source}: is nested more than ${MOST_LEVELS} levels deep`);
  }
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new DoctorInputError(`${source}: is no JSON (${expected} prints some)`, { cause: error });
  }
}

function levelsOf(text: string): number {
  let level = 0;
  let most = 0;
  let inText = false;
  for (let index = 0; index < text.length; index++) {
    const sign = text[index];
    if (inText && sign === "\\") index += 1;
    else if (sign === '"') inText = !inText;
    else if (!inText && (sign === "[" || sign === "{")) most = Math.max(most, ++level);
    else if (!inText && (sign === "]" || sign === "}")) level -= 1;
  }
  return most;
}
