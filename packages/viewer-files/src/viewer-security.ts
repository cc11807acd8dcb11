import type { ViewerSecurity } from "@nova-console/rfb";

const WITH_CERTIFICATE: readonly ViewerSecurity[] = ["X509Plain"];
const WITHOUT_CERTIFICATE: readonly ViewerSecurity[] = ["TLSPlain", "Plain", "xvp", "VncAuth"];

/** What stock viewers speak, the safest first. None of them speaks `xvp`. */
const SAFEST_FIRST = ["X509Plain", "TLSPlain", "Plain", "VncAuth"] as const;

/** A way that stock viewers speak. */
export type StockSecurity = (typeof SAFEST_FIRST)[number];

/**
 * Says what nova-xvpvncproxy offers to stock viewers: `auto` in words, nothing twice, and nothing that
 * needs a certificate where there is none.
 *
 * @param viewerSecurity - `[console_proxy] viewer_security`
 * @param hasCertificate - whether `[DEFAULT] cert` is there
 * @returns in the operator's order; empty if all that was listed needs a certificate
 */
export function effectiveViewerSecurity(
  viewerSecurity: readonly (ViewerSecurity | "auto")[],
  hasCertificate: boolean,
): ViewerSecurity[] {
  const auto = hasCertificate ? WITH_CERTIFICATE : WITHOUT_CERTIFICATE;
  const ways = viewerSecurity.flatMap((way) => (way === "auto" ? auto : [way]));
  return [...new Set(ways)].filter((way) => way !== "X509Plain" || hasCertificate);
}

/**
 * Chooses the one way that a viewer is told to use. Only one, so that nobody on the wire can talk it
 * into a weaker one.
 *
 * @param offered - as {@link effectiveViewerSecurity} says
 * @returns null if no stock viewer speaks any of them
 */
export function safestStockSecurity(offered: readonly ViewerSecurity[]): StockSecurity | null {
  return SAFEST_FIRST.find((way) => offered.includes(way)) ?? null;
}
