import { existsSync } from "node:fs";
import { BlockList, isIP } from "node:net";
import { join } from "node:path";
import { resolveName } from "@nova-console/name-lookup";
import { finding, fine, notChecked, type Result } from "../finding.ts";
import { httpGet, type HttpAnswer } from "../host/http-get.ts";
import { messageOf } from "../host/limit-time.ts";
import { proxiesOf, runs, type CheckContext, type ProxyPlace } from "./context.ts";

/** What was seen of a base URL. */
export interface BaseUrlFacts {
  readonly option: string;
  readonly url: string;
  readonly program: ProxyPlace["program"];
  readonly inCloud: boolean;
  readonly isDefault: boolean;
  /** Whether our service runs, so that somebody has to answer. */
  readonly runs: boolean;
  /** Whether the URL's port is the one that our service listens on. */
  readonly isOwnPort: boolean;
  readonly hasCertificate: boolean;
  readonly sslOnly: boolean;
  /** Why the name does not resolve; null if it does. */
  readonly nameProblem: string | null;
  /** At the URL. */
  readonly answer: HttpAnswer | { readonly problem: string };
  /** At the service itself, asked for the same page; null if it was not asked, or did not answer. */
  readonly own: HttpAnswer | null;
  /** Whether the page's file is in the web root; null if that is not known. */
  readonly hasPage: boolean | null;
}

const LOOKUP_LIMIT_MS = 5_000;
const MOST_REDIRECTS = 2;
/** What the page that comes with the program has. */
const OWN_PAGES = ["/", "/vnc.html", "/vnc_auto.html", "/vnc_lite.html"];

/** Asks for both base URLs what a viewer would. */
export async function checkBaseUrls(context: CheckContext): Promise<Result[]> {
  const places = proxiesOf(context);
  const results = await Promise.all(
    places.map(async (place) => judgeBaseUrl(await gatherBaseUrl(context, place))),
  );
  return results.flat();
}

/** Says whether people who are sent to a base URL arrive here. */
export function judgeBaseUrl(facts: BaseUrlFacts): Result[] {
  const { option, url, program } = facts;
  const set = (value: string): string =>
    `in nova.conf, on every controller and compute: ${option} = ${value}`;
  const example = `http://THIS_HOST:${program === "nova-novncproxy" ? "6080/vnc_auto.html" : "6081/console"}`;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    return [
      finding("base-url-scheme", `${option} is ${url}, must begin with http:// or https://`, [
        set(example),
      ]),
    ];
  }
  const { protocol } = new URL(url);
  if (facts.inCloud && isLoopbackHost(hostOf(url))) {
    const left = facts.isDefault ? ", the default" : "";
    return [
      finding(
        "base-url-loopback",
        `${option} is ${url}${left}: to every viewer that is its own machine`,
        [set(example)],
      ),
    ];
  }
  if (facts.nameProblem !== null) {
    return [
      finding(
        "base-url-name",
        `${option} is ${url}, and ${hostOf(url)} does not resolve here: ${facts.nameProblem}`,
        [`getent hosts ${hostOf(url)}`, "add the name to the DNS, or correct the option"],
      ),
    ];
  }
  if (facts.isOwnPort && protocol === "https:" && !facts.hasCertificate) {
    return [
      finding(
        "base-url-scheme",
        `${option} is ${url}, and ${program} has no certificate: nobody speaks TLS there`,
        [
          set(url.replace(/^https/, "http")),
          "or give the proxy a certificate: [DEFAULT] cert, key",
        ],
      ),
    ];
  }
  if (facts.isOwnPort && protocol === "http:" && facts.sslOnly) {
    return [
      finding(
        "base-url-scheme",
        `${option} is ${url}, and [DEFAULT] ssl_only refuses plain connections`,
        [set(url.replace(/^http/, "https"))],
      ),
    ];
  }
  if (facts.hasPage === false) return [pageMissing(facts)];
  if (!facts.runs)
    return [
      notChecked(`${option}: ${program} does not run, so nobody can say whether ${url} leads here`),
    ];
  return [judgeAnswer(facts)];
}

function judgeAnswer(facts: BaseUrlFacts): Result {
  const { option, url, program, answer, own } = facts;
  if ("problem" in answer) {
    return finding(
      "base-url-unreachable",
      `${option} is ${url}, and nobody answers there: ${answer.problem}`,
      [`curl -kv ${url}`, "nova-console-doctor firewall"],
    );
  }
  if (own === null) return notChecked(`${option}: ${program} itself does not answer on its port`);
  const isOurs = own.status === answer.status && own.bodyDigest === answer.bodyDigest;
  if (isOurs && program === "nova-novncproxy" && answer.status === 404) return pageMissing(facts);
  if (isOurs) return fine(`${option} leads here: ${url}`);
  const by = answer.server === "" ? "" : ` (Server: ${answer.server.slice(0, 60)})`;
  return finding(
    "base-url-elsewhere",
    `${option} is ${url}, and what answers there is not this ${program}: status ${answer.status}${by}`,
    [`curl -kv ${url}`, "correct host and port, or the load balancer's rule"],
  );
}

function pageMissing({ option, url }: BaseUrlFacts): Result {
  const { pathname } = new URL(url);
  const right = new URL("/vnc_auto.html", url);
  return finding("base-url-page", `${option} is ${url}, and the web root has no page ${pathname}`, [
    `in nova.conf, on every controller and compute: ${option} = ${right.href}`,
  ]);
}

async function gatherBaseUrl(context: CheckContext, place: ProxyPlace): Promise<BaseUrlFacts> {
  const { program, loaded, port } = place;
  const { values, sources } = loaded;
  const name = program === "nova-novncproxy" ? "novncproxy_base_url" : "xvpvncproxy_base_url";
  const url = values.vnc[name];
  const { cert, ssl_only: sslOnly, web } = values.DEFAULT;
  const common = {
    option: `[vnc] ${name}`,
    ...{ url, program, sslOnly, inCloud: context.inCloud },
    isDefault: sources[`vnc.${name}`] === "default",
    runs: runs(context, program),
    hasCertificate: existsSync(cert),
  };
  const none = { isOwnPort: false, nameProblem: null, own: null, hasPage: null };
  if (!URL.canParse(url)) return { ...common, ...none, answer: { problem: "is no URL" } };
  const { hostname, port: shown, protocol, pathname } = new URL(url);
  const shownPort = shown === "" ? (protocol === "https:" ? 443 : 80) : Number(shown);
  const nameProblem = await whyUnresolved(hostname.replace(/^\[|\]$/g, ""));
  const asked = common.runs && nameProblem === null;
  const seen = asked ? await askAsBrowser(url) : { url, answer: { problem: "not asked" } };
  return {
    ...common,
    nameProblem,
    isOwnPort: shownPort === port,
    hasPage: program === "nova-novncproxy" ? hasPage(web, pathname) : null,
    answer: seen.answer,
    own: asked ? await askOurselves(seen.url, place, common.hasCertificate) : null,
  };
}

/** Goes where redirects lead, as a browser does: from http to https at a load balancer. */
async function askAsBrowser(
  url: string,
): Promise<{ readonly url: string; readonly answer: BaseUrlFacts["answer"] }> {
  let at = url;
  for (let redirects = 0; ; redirects++) {
    const answer = await httpGet(at).catch((error: unknown) => ({ problem: messageOf(error) }));
    if ("problem" in answer || answer.location === null || redirects === MOST_REDIRECTS) {
      return { url: at, answer };
    }
    at = answer.location;
  }
}

/** The page of the same path, of our own service. */
async function askOurselves(
  url: string,
  { host, port }: ProxyPlace,
  hasCertificate: boolean,
): Promise<HttpAnswer | null> {
  const own = new URL(url);
  own.protocol = hasCertificate ? "https:" : "http:";
  const connectTo = { host: localAddressFor(host), port };
  return httpGet(own.href, connectTo).catch(() => null);
}

/** Where this machine itself reaches a service that listens on `host`. */
function localAddressFor(host: string): string {
  if (host === "0.0.0.0" || host === "") return "127.0.0.1";
  return host === "::" ? "::1" : host;
}

function hasPage(web: string | null, pathname: string): boolean | null {
  if (web === null || web === "") return OWN_PAGES.includes(pathname) ? true : null;
  if (!existsSync(web)) return null;
  let path: string;
  try {
    path = decodeURIComponent(pathname);
  } catch {
    return false;
  }
  return pathname === "/" || existsSync(join(web, join("/", path)));
}

async function whyUnresolved(host: string): Promise<string | null> {
  try {
    await resolveName(host, LOOKUP_LIMIT_MS);
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** Whether a host is, to whoever looks it up, itself. */
export function isLoopbackHost(host: string): boolean {
  if (host === "localhost") return true;
  const kind = isIP(host);
  return kind !== 0 && loopback.check(host, kind === 4 ? "ipv4" : "ipv6");
}

function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, "");
}
