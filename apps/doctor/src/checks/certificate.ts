import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { resolve } from "node:path";
import { loadTlsSettings, TlsSettingsError } from "@nova-console/listener";
import { proxySettingsOf } from "@nova-console/service";
import { finding, fine, notChecked, type Result } from "../finding.ts";
import { findObstacle } from "../host/service-user.ts";
import { ownershipCommands, whyNot } from "./config.ts";
import type { CheckContext } from "./context.ts";

/** A certificate that can be used, and who is to be shown it. */
interface CertificateFacts {
  readonly file: string;
  /** The server's own first. */
  readonly chain: readonly [X509Certificate, ...X509Certificate[]];
  readonly nowMs: number;
  /** Base URLs that lead to a port of ours by TLS. */
  readonly urls: readonly { readonly option: string; readonly url: string }[];
}

const DAY_MS = 24 * 60 * 60 * 1000;
const SOON_DAYS = 30;
const CERTIFICATE =
  /-----BEGIN [A-Z0-9 ]*CERTIFICATE-----[^-]*-----END [A-Z0-9 ]*CERTIFICATE-----/g;

/** Looks at the certificate that both proxies show. */
export async function checkCertificate(context: CheckContext): Promise<Result[]> {
  const { values, sources } = context.novnc;
  const { cert, key, ssl_only: sslOnly } = values.DEFAULT;
  const isGiven = sources["DEFAULT.cert"] !== "default";
  const blocked = await findBlocked(context, [cert, ...(key === null || key === "" ? [] : [key])]);
  try {
    const { tls } = proxySettingsOf(values);
    const settings = loadTlsSettings(tls);
    if (settings === null) {
      return isGiven
        ? [
            finding("certificate-missing", `[DEFAULT] cert is ${cert}, and there is no such file`, [
              `ls -l ${cert}`,
            ]),
          ]
        : [fine("none: the proxies speak plain HTTP (TLS may end at a load balancer)")];
    }
    const [own = "", ...others] = settings.cert.toString("latin1").match(CERTIFICATE) ?? [];
    const chain = [
      new X509Certificate(own),
      ...others.map((pem) => new X509Certificate(pem)),
    ] as const;
    const urls = urlsByTls(context);
    return [...blocked, ...judgeCertificate({ file: cert, chain, nowMs: context.now(), urls })];
  } catch (error) {
    if (!(error instanceof TlsSettingsError)) return [notChecked(String(error))];
    if (sslOnly && error.message.includes("does not exist")) {
      // Whether it could be read is asked of a file that is there.
      const mend = [`ls -l ${cert}`, "or, in nova.conf: [DEFAULT] ssl_only = false"];
      return [finding("certificate-missing", error.message, mend)];
    }
    return [
      ...blocked,
      finding("certificate-unusable", error.message, [
        `openssl x509 -in ${cert} -noout -subject -pubkey`,
        `openssl pkey -in ${key ?? cert} -pubout    (both must show the same key)`,
      ]),
    ];
  }
}

/** Says whether a certificate is in its time, and for the hosts that people are sent to. */
function judgeCertificate({ file, chain, nowMs, urls }: CertificateFacts): Result[] {
  const [certificate] = chain;
  const results: Result[] = chain.flatMap((each) =>
    judgeTime(
      each === certificate ? file : `${file}, in whose chain ${nameOf(each)}`,
      each,
      nowMs,
      file,
    ),
  );
  const wrong = urls.filter(({ url }) => !covers(certificate, url));
  for (const { option, url } of wrong) {
    results.push(
      finding(
        "certificate-name",
        `${file} is for ${namesOf(certificate)}, and ${option} is ${url}`,
        [
          `openssl req -new ... -addext "subjectAltName=${isIP(hostOf(url)) === 0 ? "DNS" : "IP"}:${hostOf(url)}"`,
        ],
      ),
    );
  }
  if (results.length > 0) return results;
  const until = Date.parse(certificate.validTo);
  const days = Math.floor((until - nowMs) / DAY_MS);
  return [fine(`${file}: ${namesOf(certificate)}, until ${dayOf(until)} (${days} days)`)];
}

/** @param what - which certificate, as the subject of a sentence */
function judgeTime(
  what: string,
  { validFrom, validTo }: X509Certificate,
  nowMs: number,
  file: string,
): Result[] {
  const [from, until] = [Date.parse(validFrom), Date.parse(validTo)];
  const days = Math.floor((until - nowMs) / DAY_MS);
  const renew = [
    `openssl x509 -in ${file} -noout -dates    (shows this; replace the file)`,
    "systemctl reload openstack-nova-novncproxy openstack-nova-xvpvncproxy    (Debian: without openstack-)",
  ];
  if (nowMs >= until) {
    return [finding("certificate-expired", `${what} expired on ${dayOf(until)}`, renew)];
  }
  if (nowMs < from) {
    const times = `is good from ${new Date(from).toISOString()} on, and it is ${new Date(nowMs).toISOString()}`;
    return [finding("certificate-not-yet-valid", `${what} ${times}`, ["timedatectl", ...renew])];
  }
  if (days >= SOON_DAYS) return [];
  const soon = `${what} expires in ${days} days, on ${dayOf(until)}`;
  return [finding("certificate-expires-soon", soon, renew)];
}

function dayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}

function nameOf({ subject }: X509Certificate): string {
  return subject.replaceAll("\n", ", ").slice(0, 100);
}

/** URLs of https whose port is the proxy's own: elsewhere another program shows its certificate. */
function urlsByTls({ novnc, xvp }: CheckContext): CertificateFacts["urls"] {
  const all = [
    {
      option: "[vnc] novncproxy_base_url",
      url: novnc.values.vnc.novncproxy_base_url,
      port: novnc.values.vnc.novncproxy_port,
    },
    {
      option: "[vnc] xvpvncproxy_base_url",
      url: xvp.values.vnc.xvpvncproxy_base_url,
      port: xvp.values.vnc.xvpvncproxy_port,
    },
  ];
  return all.filter(({ url, port }) => {
    if (!URL.canParse(url)) return false;
    const { protocol, port: shown } = new URL(url);
    return protocol === "https:" && (shown === "" ? 443 : Number(shown)) === port;
  });
}

async function findBlocked({ user }: CheckContext, files: readonly string[]): Promise<Result[]> {
  if (user === null) return [];
  const results: Result[] = [];
  for (const file of files) {
    const path = resolve(file);
    const obstacle = await findObstacle(path, user, ["r"]);
    if (obstacle === null) continue;
    results.push(
      finding(
        "certificate-not-for-service",
        `${user.name} cannot read ${path}: ${whyNot(path, obstacle)}`,
        ownershipCommands(path, obstacle, user.name),
      ),
    );
  }
  return results;
}

function covers(certificate: X509Certificate, url: string): boolean {
  const host = hostOf(url);
  return isIP(host) === 0
    ? certificate.checkHost(host, { subject: "default" }) !== undefined
    : certificate.checkIP(host) !== undefined;
}

function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, "");
}

function namesOf({ subjectAltName, subject }: X509Certificate): string {
  return (subjectAltName ?? subject).replaceAll("\n", ", ").slice(0, 200);
}
