import { SettingError } from "@nova-console/service";
import type { ServiceVersions } from "./instance-row.ts";

/** Versions of nova-compute's RPC API that `validate_console_port` can be called with. */
export type ComputeVersion = "5.0" | "6.0";

/** How long "5.0" is believed: it is over with the upgrade of the last old nova-compute. */
const OLD_FOR_MS = 60_000;

const CURRENT = "6.0";

/** The first of nova's service versions whose compute speaks 6.0 (Wallaby). @see nova/objects/service.py */
const FIRST_SERVICE_VERSION_OF_6 = 56;

/** Releases whose console tokens are not in the database yet. */
const RELEASES_BEFORE = [
  ...["essex", "folsom", "grizzly", "havana", "icehouse", "juno", "kilo", "liberty", "mitaka"],
  ...["newton", "ocata", "pike"],
];

/** The oldest releases whose console tokens are in the database, which speak 5.x. */
const RELEASES_OF_5 = ["queens", "rocky", "stein", "train", "ussuri", "victoria"];

/** Those after them that have names; later ones are numbers, which are above 6 as well. */
const RELEASES_OF_6 = [
  ...["wallaby", "xena", "yoga", "zed", "antelope", "bobcat", "caracal", "dalmatian", "epoxy"],
  ...["flamingo", "gazpacho", "hibiscus"],
];

const NAME = /^[a-z][a-z_-]*$/;

/**
 * Says what version to ask nova-compute with.
 *
 * @param level - `[upgrade_levels] compute`: a release, a version of the API, `auto`, or null
 * @param now - milliseconds of a clock; only differences count
 * @returns asks the services only for `auto`: once a minute while one of them is older than Wallaby, and
 *   never again after that
 * @throws {@link SettingError} if the level names none that this check exists in. A name that is not known here is that of a
 *   later release: {@link isUnknownRelease}
 * @see nova/compute/rpcapi.py
 */
export function computeVersionOf(
  level: string | null,
  services: ServiceVersions,
  now: () => number,
): () => Promise<ComputeVersion> {
  if (level === "auto") return automaticVersion(services, now);
  const version = fixedVersionOf(level?.trim() ?? "");
  return () => Promise.resolve(version);
}

function fixedVersionOf(level: string): ComputeVersion {
  const name = level.toLowerCase();
  const major = Number(/^(\d+)\.\d+$/.exec(level)?.at(1));
  if (level === "" || RELEASES_OF_6.includes(name) || major >= 6) return "6.0";
  if (RELEASES_OF_5.includes(name) || major === 5) return "5.0";
  if (isUnknownRelease(level)) return CURRENT;
  throw new SettingError(
    `[upgrade_levels] compute is ${JSON.stringify(level)}, must be auto, the name of a release from Queens on, ` +
      `or a version from 5.0 on: before that console tokens are not in the database`,
  );
}

/** Whether a level is a release's name that this program does not know. @param level - as for {@link computeVersionOf} */
export function isUnknownRelease(level: string | null): boolean {
  const name = level?.trim().toLowerCase() ?? "";
  const known = ["auto", ...RELEASES_BEFORE, ...RELEASES_OF_5, ...RELEASES_OF_6];
  return NAME.test(name) && !known.includes(name);
}

function automaticVersion(
  services: ServiceVersions,
  now: () => number,
): () => Promise<ComputeVersion> {
  let known: ComputeVersion | null = null;
  let askedMs = 0;
  return async () => {
    if (known === CURRENT || (known !== null && now() - askedMs < OLD_FOR_MS)) return known;
    askedMs = now();
    const minimum = await services.minimumComputeVersion();
    // No nova-compute yet: the answer will be a better one later.
    if (minimum === 0) return CURRENT;
    known = minimum >= FIRST_SERVICE_VERSION_OF_6 ? "6.0" : "5.0";
    return known;
  };
}
