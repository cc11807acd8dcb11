import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { isIP } from "node:net";
import { resolve } from "node:path";
import { rootCertificates } from "node:tls";
import { loadTlsSettings, TlsSettingsError } from "@nova-console/listener";
import { proxySettingsOf } from "@nova-console/service";
import { finding, fine, notChecked, type Result } from "../finding.ts";
import { findObstacle } from "../host/service-user.ts";
import { unitNameOf } from "../host/units.ts";
import { hostOf } from "../host/url-host.ts";
import { covers, dayOf, judgeIssuer, judgeTime, nameOf, namesOf } from "./certificate-verdicts.ts";
import { ownershipCommands, whyNot } from "./config.ts";
import { usedProxiesOf, type CheckContext } from "./context.ts";
import { addressOf, leadsToUs } from "./leads-to-us.ts";

/** A certificate that can be used, and who is to be shown it. */
interface CertificateFacts {
  readonly file: string;
  /** The server's own first. */
  readonly chain: readonly [X509Certificate, ...X509Certificate[]];
  readonly nowMs: number;
  /** Names of the units that show it. */
  readonly units: readonly string[];
  /** Base URLs that lead to a port of ours by TLS. */
  readonly urls: readonly { readonly option: string; readonly url: string }[];
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** Debian's and RHEL's. */
const SYSTEM_AUTHORITIES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
];
const CERTIFICATE =
  /-----BEGIN [A-Z0-9 ]*CERTIFICATE-----[^-]*-----END [A-Z0-9 ]*CERTIFICATE-----/g;

/** Looks at the certificate that both proxies show. */
export async function checkCertificate(context: CheckContext): Promise<Result[]> {
  const { values } = context.novnc;
  const { cert, key, ssl_only: sslOnly } = values.DEFAULT;
  const blocked = await findBlocked(context, [cert, ...(key === null || key === "" ? [] : [key])]);
  try {
    const { tls } = proxySettingsOf(values);
    const settings = loadTlsSettings(tls);
    if (settings === null) {
      return [fine("none: the proxies speak plain HTTP (TLS may end at a load balancer)")];
    }
    const [own = "", ...others] = settings.cert.toString("latin1").match(CERTIFICATE) ?? [];
    const chain = [
      new X509Certificate(own),
      ...others.map((pem) => new X509Certificate(pem)),
    ] as const;
    const urls = await urlsByTls(context);
    const units = usedProxiesOf(context).map(({ program }) => unitNameOf(context.units, program));
    return [
      ...blocked,
      ...judgeCertificate({ file: cert, chain, nowMs: context.now(), urls, units }),
    ];
  } catch (error) {
    if (!(error instanceof TlsSettingsError)) return [notChecked(String(error))];
    if (!existsSync(cert)) {
      // Whether it could be read is asked of a file that is there.
      const without = sslOnly ? "[DEFAULT] ssl_only = false" : "leave [DEFAULT] cert out";
      return [
        finding("certificate-missing", error.message, [
          `ls -l ${cert}`,
          `or, in nova.conf, to serve without TLS: ${without}`,
        ]),
      ];
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

/** The last certificate that another one made; null if the chain ends at one that made itself. */
function endOf(chain: CertificateFacts["chain"]): X509Certificate | null {
  let [last] = chain;
  for (let steps = 0; steps < chain.length; steps++) {
    if (last.checkIssued(last)) return null;
    const maker = chain.find((each) => each !== last && last.checkIssued(each));
    if (maker === undefined) return last;
    last = maker;
  }
  return null;
}

/** Whether an authority that this host or Node.js knows made a certificate. */
function isKnown(certificate: X509Certificate): boolean {
  const files = SYSTEM_AUTHORITIES.map((file) => {
    try {
      return readFileSync(file, "latin1");
    } catch {
      return "";
    }
  });
  const pems = [...rootCertificates, ...files.flatMap((text) => text.match(CERTIFICATE) ?? [])];
  return pems.some((pem) => {
    try {
      return certificate.checkIssued(new X509Certificate(pem));
    } catch {
      return false;
    }
  });
}

/** Says whether a certificate is in its time, and for the hosts that people are sent to. */
function judgeCertificate({ file, chain, nowMs, urls, units }: CertificateFacts): Result[] {
  const [certificate] = chain;
  const renew = [
    `openssl x509 -in ${file} -noout -dates    (shows this; replace the file)`,
    `systemctl reload ${units.join(" ")}`,
  ];
  const results: Result[] = chain.flatMap((each) =>
    judgeTime(
      each === certificate ? file : `${file}, in whose chain ${nameOf(each.subject)}`,
      each,
      nowMs,
      renew,
    ),
  );
  const last = endOf(chain);
  if (last !== null && !isKnown(last)) {
    results.push(
      judgeIssuer(`the chain in ${file}`, last, [
        `openssl x509 -in ${file} -noout -issuer -ext authorityInfoAccess`,
        `append that authority's certificate to ${file}, then reload the proxies`,
      ]),
    );
  }
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

/** URLs of https that lead to a proxy itself: elsewhere another program shows its certificate. */
async function urlsByTls(context: CheckContext): Promise<CertificateFacts["urls"]> {
  const all = usedProxiesOf(context).map((place) => {
    const isNovnc = place.program === "nova-novncproxy";
    const { novncproxy_base_url: novnc, xvpvncproxy_base_url: xvp } = place.loaded.values.vnc;
    return isNovnc
      ? { place, option: "[vnc] novncproxy_base_url", url: novnc }
      : { place, option: "[vnc] xvpvncproxy_base_url", url: xvp };
  });
  const own = await Promise.all(
    all.map(async (each) => {
      if (!each.url.startsWith("https:") || !URL.canParse(each.url)) return [];
      const address = await addressOf(each.url).catch(() => null);
      return address !== null && leadsToUs(each.url, address, each.place) ? [each] : [];
    }),
  );
  return own.flat();
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
