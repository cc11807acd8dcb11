import type { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { finding, type Result } from "../finding.ts";
import type { ShownCertificate } from "../host/http-get.ts";
import { hostOf } from "../host/url-host.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const SOON_DAYS = 30;

/** Judges what another program, such as a load balancer, shows at a base URL. */
export function judgeShownCertificate(
  shown: ShownCertificate & {
    readonly option: string;
    readonly url: string;
    readonly nowMs: number;
  },
): Result[] {
  const { certificate, problem, option, url, nowMs } = shown;
  const mend = [
    `openssl s_client -connect ${new URL(url).host}${new URL(url).port === "" ? ":443" : ""} -servername ${hostOf(url)} -showcerts </dev/null`,
    "replace the certificate of what listens there (this proxy is behind it)",
  ];
  const what = `the certificate that ${url} shows`;
  const results = judgeTime(what, certificate, nowMs, mend);
  if (!covers(certificate, url)) {
    const text = `${what} is for ${namesOf(certificate)}, and ${option} is ${url}`;
    results.push(finding("certificate-name", text, mend));
  }
  // The only one that was sent, of an authority that is not known.
  if (problem === "UNABLE_TO_VERIFY_LEAF_SIGNATURE") {
    results.push(judgeIssuer(what, certificate, mend));
  }
  return results;
}

/** Says whether a certificate is in its time. @param what - which one, as the subject of a sentence */
export function judgeTime(
  what: string,
  { validFrom, validTo }: X509Certificate,
  nowMs: number,
  mend: readonly string[],
): Result[] {
  const [from, until] = [Date.parse(validFrom), Date.parse(validTo)];
  const days = Math.floor((until - nowMs) / DAY_MS);
  if (nowMs >= until) {
    return [finding("certificate-expired", `${what} expired on ${dayOf(until)}`, mend)];
  }
  if (nowMs < from) {
    const times = `is good from ${new Date(from).toISOString()} on, and it is ${new Date(nowMs).toISOString()}`;
    return [finding("certificate-not-yet-valid", `${what} ${times}`, ["timedatectl", ...mend])];
  }
  if (days >= SOON_DAYS) return [];
  const soon = `${what} expires in ${days} days, on ${dayOf(until)}`;
  return [finding("certificate-expires-soon", soon, mend)];
}

/** Says that an authority is neither sent nor known here: `what` ends at `last`. */
export function judgeIssuer(what: string, last: X509Certificate, mend: readonly string[]): Result {
  const issuer = nameOf(last.issuer);
  // Public authorities write where an intermediate's certificate is to be had.
  if (/CA Issuers/.test(last.infoAccess ?? "")) {
    const text = `${what} ends at ${nameOf(last.subject)}: the certificate of ${issuer}, which made it, is missing`;
    return finding("certificate-chain", text, mend);
  }
  const text = `${what} ends at ${nameOf(last.subject)}, and this host does not know ${issuer}, which made it: an intermediate certificate is missing, unless browsers have ${issuer} itself`;
  return finding("certificate-authority-unknown", text, mend);
}

/** Whether a certificate is for the host of a URL. */
export function covers(certificate: X509Certificate, url: string): boolean {
  const host = hostOf(url);
  return isIP(host) === 0
    ? certificate.checkHost(host, { subject: "default" }) !== undefined
    : certificate.checkIP(host) !== undefined;
}

/** The hosts that a certificate is for. */
export function namesOf({ subjectAltName, subject }: X509Certificate): string {
  return (subjectAltName ?? subject).replaceAll("\n", ", ").slice(0, 200);
}

/** `2026-12-01`. */
export function dayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}

/** A subject or an issuer in one line. */
export function nameOf(name: string): string {
  return name.replaceAll("\n", ", ").slice(0, 100);
}
