import { SettingError } from "@nova-console/service";
import {
  openViewerAccess,
  safestStockSecurity,
  type ViewerAccess,
  ViewerFilesError,
} from "@nova-console/viewer-files";
import type { ConsoleSettings } from "./console-settings.ts";

/**
 * Opens what a `vncviewer` line is made of.
 *
 * @throws {@link SettingError} if there would be none, with the option that is the reason
 */
export function openForCommandLine({ viewers }: ConsoleSettings): ViewerAccess {
  const access = openViewerAccess(viewers.settings, viewers.hasCertificate, (problem) => {
    throw new SettingError(problem.message, { cause: problem });
  });
  if (access === null || safestStockSecurity(access.security) === null) {
    throw new SettingError(
      `--viewer: [console_proxy] viewer_security is ${viewers.settings.security.join(",")}: vncviewer speaks X509Plain (with [DEFAULT] cert), TLSPlain, Plain and VncAuth`,
    );
  }
  return access;
}

/**
 * Opens what `--json` says about viewers. A base URL that is of no use to viewers is none of the
 * business of who opens consoles in browsers.
 *
 * @throws {@link SettingError} if the secret of viewer passwords cannot be had
 */
export function openForJson({ viewers }: ConsoleSettings): ViewerAccess | null {
  return openViewerAccess(viewers.settings, viewers.hasCertificate, (problem) => {
    if (problem instanceof ViewerFilesError) return;
    throw new SettingError(problem.message, { cause: problem });
  });
}

/**
 * Opens what the HTTP API says about viewers. A token that was asked for is given, whatever is wrong
 * with that.
 *
 * @returns with the first problem in words, for the log
 */
export function openForApi({ viewers }: ConsoleSettings): {
  access: ViewerAccess | null;
  problem: string | null;
} {
  const problems: string[] = [];
  const access = openViewerAccess(viewers.settings, viewers.hasCertificate, ({ message }) => {
    problems.push(message);
  });
  return { access, problem: problems[0] ?? null };
}
