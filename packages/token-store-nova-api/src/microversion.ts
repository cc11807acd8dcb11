import { member, parseJson } from "./json.ts";

/** The first microversion that tells a token of any console; below it there is RDP only. */
export const MICROVERSION = "2.31";

/** How a server stands to {@link MICROVERSION}. */
export type Support = "supported" | "too-old" | "too-new" | "unknown";

/**
 * Makes of nova's address, in any form that catalogues have (`/`, `/compute/v2.1`, `/v2/PROJECT`), the
 * root of API 2.1: what nova itself says of its address may be a place that only it can reach.
 */
export function versionRootOf(url: URL): string {
  const path = url.pathname.replace(/\/v2(?:\.[01])?(?:\/.*)?$/, "").replace(/\/+$/, "");
  return `${url.origin}${path}/v2.1`;
}

/** Reads a version document of nova: does that server speak {@link MICROVERSION}? */
export function readSupport(text: string): Support {
  const version = member(parseJson(text), "version");
  const oldest = minorOf(member(version, "min_version"));
  const newest = minorOf(member(version, "version"));
  // What never had microversions says "".
  if (member(version, "version") === "") return "too-old";
  if (oldest === null || newest === null) return "unknown";
  const wanted = Number(MICROVERSION.slice(2));
  if (newest < wanted) return "too-old";
  return oldest > wanted ? "too-new" : "supported";
}

function minorOf(version: unknown): number | null {
  const match = typeof version === "string" ? /^2\.(\d{1,4})$/.exec(version) : null;
  return match === null ? null : Number(match[1]);
}
