import type { Config } from "@nova-console/config";
import { openViewerPasswordSecret } from "@nova-console/token";
import {
  effectiveViewerSecurity,
  type ViewerAccess,
  viewerAddressOf,
} from "@nova-console/viewer-files";

/** What nova.conf says of the port for desktop viewers. */
export interface ViewerSettings {
  /** `[vnc] xvpvncproxy_base_url`. */
  readonly baseUrl: string;
  /** `[console_proxy] viewer_security`. */
  readonly security: Config["console_proxy"]["viewer_security"];
  /** `[console_proxy] viewer_password_secret_file`; null for no passwords of 8 characters. */
  readonly passwordSecretFile: string | null;
}

/** Where it is said what the files for viewers will lack. */
export interface ViewerAccessLog {
  warn(message: string): unknown;
}

/**
 * Finds out what desktop viewers have to know. None of it is worth a page that is not served: what is
 * wrong is said, and left out.
 *
 * @param hasCertificate - whether nova-xvpvncproxy, which reads the same options, has one
 * @returns null if there is no address that viewers could go to
 */
export function openViewerAccess(
  settings: ViewerSettings,
  hasCertificate: boolean,
  log: ViewerAccessLog,
): ViewerAccess | null {
  const security = effectiveViewerSecurity(settings.security, hasCertificate);
  const secretFile = security.includes("VncAuth") ? settings.passwordSecretFile : null;
  const address = orWarn(() => viewerAddressOf(settings.baseUrl), log);
  if (address === null) return null;
  const passwordSecret =
    secretFile === null ? null : orWarn(() => openViewerPasswordSecret(secretFile), log);
  return { address, security, passwordSecret };
}

function orWarn<Value>(make: () => Value, log: ViewerAccessLog): Value | null {
  try {
    return make();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    log.warn(`files for desktop viewers: ${why}`);
    return null;
  }
}
