import { TokenStoreSettingError } from "@nova-console/token";

/** check_token has been the same since 1.0; 2.0 is the version that most releases understand. */
const DEFAULT_VERSION = "2.0";
/** Understands 1.0 to 1.2 only. @see nova/consoleauth/rpcapi.py VERSION_ALIASES */
const RELEASES_OF_1 = new Set(["grizzly", "havana"]);

/**
 * The version that `check_token` is called with.
 *
 * @param cap - `[upgrade_levels] consoleauth`
 * @throws {@link TokenStoreSettingError} if it is neither a version nor a release's name
 */
export function consoleauthVersion(cap: string | null): string {
  if (cap === null || cap === "") return DEFAULT_VERSION;
  if (/^1\.\d{1,3}$/.test(cap)) return cap;
  if (RELEASES_OF_1.has(cap)) return "1.2";
  if (/^(?:[2-9]\.\d{1,3}|[a-z]+)$/.test(cap)) return DEFAULT_VERSION;
  throw new TokenStoreSettingError(
    `[upgrade_levels] consoleauth is ${JSON.stringify(cap)}, must be a version such as 1.2 or a release such as havana`,
  );
}
