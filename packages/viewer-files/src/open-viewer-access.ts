import type { ViewerSecurity } from "@nova-console/rfb";
import { openViewerPasswordSecret, TokenStoreSettingError } from "@nova-console/token";
import { ViewerFilesError } from "./errors.ts";
import type { ViewerAccess } from "./viewer-access.ts";
import { viewerAddressOf } from "./viewer-address.ts";
import { effectiveViewerSecurity } from "./viewer-security.ts";

/** What nova.conf says of the port for desktop viewers. */
export interface ViewerSettings {
  /** `[vnc] xvpvncproxy_base_url`. */
  readonly baseUrl: string;
  /** `[console_proxy] viewer_security`. */
  readonly security: readonly (ViewerSecurity | "auto")[];
  /** `[console_proxy] viewer_password_secret_file`; null for no passwords of 8 characters. */
  readonly passwordSecretFile: string | null;
}

/** A setting that is of no use, and that its message names. */
export type ViewerProblem = ViewerFilesError | TokenStoreSettingError;

/**
 * Finds out what desktop viewers have to know, for who is not nova-xvpvncproxy itself.
 *
 * @param hasCertificate - whether there is a `[DEFAULT] cert` here; an `https:` base URL says that
 *   nova-xvpvncproxy has one, wherever it runs
 * @param onProblem - told of each setting that is of no use; returns to go on without it, or throws
 * @returns null if there is no address that viewers could go to
 */
export function openViewerAccess(
  settings: ViewerSettings,
  hasCertificate: boolean,
  onProblem: (problem: ViewerProblem) => void,
): ViewerAccess | null {
  const isHttps = /^https:/i.test(settings.baseUrl);
  const security = effectiveViewerSecurity(settings.security, hasCertificate || isHttps);
  const secretFile = security.includes("VncAuth") ? settings.passwordSecretFile : null;
  const address = orProblem(() => viewerAddressOf(settings.baseUrl), onProblem);
  if (address === null) return null;
  const passwordSecret =
    secretFile === null ? null : orProblem(() => openViewerPasswordSecret(secretFile), onProblem);
  return { address, security, passwordSecret };
}

function orProblem<Value>(
  make: () => Value,
  onProblem: (problem: ViewerProblem) => void,
): Value | null {
  try {
    return make();
  } catch (error) {
    const isKnown = error instanceof ViewerFilesError || error instanceof TokenStoreSettingError;
    if (!isKnown) throw error;
    onProblem(error);
    return null;
  }
}
