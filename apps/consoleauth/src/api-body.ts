import type { IncomingMessage } from "node:http";
import { ApiProblem } from "./api-problem.ts";

/** Most of a request's body that is read. */
const MAX_BODY_BYTES = 64 * 1024;
const MAX_SHOWN_CHARACTERS = 60;

/** The members of a JSON object, not yet looked at. */
export type JsonMembers = ReadonlyMap<string, unknown>;

/**
 * Reads a body that must be a JSON object.
 *
 * @throws {@link ApiProblem} 400, 413 or 415
 */
export async function readJsonBody(request: IncomingMessage): Promise<JsonMembers> {
  const contentType = request.headers["content-type"] ?? "";
  if (!/^application\/json *(;|$)/i.test(contentType)) {
    const found = contentType === "" ? "no Content-Type" : quote(contentType);
    throw new ApiProblem(415, `body is of type ${found}`, "Content-Type: application/json");
  }
  const text = decodeUtf8(await readBytes(request));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // The parser's own message repeats the text, which may hold what must not be logged.
    throw new ApiProblem(400, "body is not JSON", "a JSON object", { cause: error });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ApiProblem(400, "body is not a JSON object", "a JSON object");
  }
  return new Map(Object.entries(value));
}

/**
 * Refuses members that nobody would read: most likely a name is misspelt.
 *
 * @throws {@link ApiProblem} 400
 */
export function refuseUnknown(members: JsonMembers, known: readonly string[]): void {
  for (const name of members.keys()) {
    if (!known.includes(name)) {
      throw new ApiProblem(400, `${quote(name)} is not known`, known.join(", "));
    }
  }
}

/** @returns null if the member is absent or null. @throws {@link ApiProblem} 400 if it is no string */
export function optionalText(members: JsonMembers, name: string): string | null {
  const value = members.get(name) ?? null;
  if (value === null || typeof value === "string") return value;
  throw new ApiProblem(400, `${name} is ${kindOf(value)}`, `${name}: a string`);
}

/** @throws {@link ApiProblem} 400 if the member is absent or no string */
export function requiredText(members: JsonMembers, name: string): string {
  const value = optionalText(members, name);
  if (value !== null) return value;
  throw new ApiProblem(400, `${name} is missing`, `${name}: a string`);
}

/** @returns null if the member is absent or null. @throws {@link ApiProblem} 400 if it is no number */
export function optionalNumber(members: JsonMembers, name: string): number | null {
  const value = members.get(name) ?? null;
  if (value === null || typeof value === "number") return value;
  throw new ApiProblem(400, `${name} is ${kindOf(value)}`, `${name}: a number`);
}

async function readBytes(request: IncomingMessage): Promise<Buffer> {
  const tooLarge = new ApiProblem(
    413,
    `body is larger than ${MAX_BODY_BYTES} bytes`,
    `at most ${MAX_BODY_BYTES} bytes`,
  );
  if (Number(request.headers["content-length"] ?? 0) > MAX_BODY_BYTES) throw tooLarge;
  const chunks: Buffer[] = [];
  let byteCount = 0;
  // Leaving the loop must not destroy the socket, which is to carry the answer; Node discards the rest.
  const body: AsyncIterable<Buffer> = request.iterator({ destroyOnReturn: false });
  try {
    for await (const chunk of body) {
      byteCount += chunk.length;
      if (byteCount > MAX_BODY_BYTES) throw tooLarge;
      chunks.push(chunk);
    }
  } catch (error) {
    if (error === tooLarge) throw error;
    throw new ApiProblem(400, "the connection ended within the body", null, { cause: error });
  }
  return Buffer.concat(chunks);
}

function decodeUtf8(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new ApiProblem(400, "body is not UTF-8", "a JSON object in UTF-8", { cause: error });
  }
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? "an array" : `a ${typeof value}`;
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, MAX_SHOWN_CHARACTERS));
}
