import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Result } from "../finding.ts";
import { httpGet, type HttpAnswer } from "../host/http-get.ts";
import { requestWebSocket } from "../host/http-upgrade.ts";
import { messageOf } from "../host/limit-time.ts";
import { runs, usedProxiesOf, type CheckContext, type ProxyPlace } from "./context.ts";
import { judgeBaseUrl, type BaseUrlFacts } from "./judge-base-url.ts";
import { addressOf, leadsToUs } from "./leads-to-us.ts";

const MOST_REDIRECTS = 2;
/** Folders of a URL that a reverse proxy may take off. */
const MOST_PREFIXES = 4;
/** What the page that comes with the program has. */
const OWN_PAGES = ["/", "/vnc.html", "/vnc_auto.html", "/vnc_lite.html"];

/** Asks for both base URLs what a viewer would. */
export async function checkBaseUrls(context: CheckContext): Promise<Result[]> {
  const places = usedProxiesOf(context);
  const results = await Promise.all(
    places.map(async (place) => judgeBaseUrl(await gatherBaseUrl(context, place))),
  );
  return results.flat();
}

async function gatherBaseUrl(context: CheckContext, place: ProxyPlace): Promise<BaseUrlFacts> {
  const { program, loaded } = place;
  const { values, sources } = loaded;
  const name = program === "nova-novncproxy" ? "novncproxy_base_url" : "xvpvncproxy_base_url";
  const url = values.vnc[name];
  const { cert, ssl_only: sslOnly, web } = values.DEFAULT;
  const common = {
    option: `[vnc] ${name}`,
    ...{ url, program, sslOnly, inCloud: context.inCloud, nowMs: context.now() },
    isDefault: sources[`vnc.${name}`] === "default",
    runs: runs(context, program),
    hasCertificate: existsSync(cert),
  };
  const none = {
    ...{ leadsToUs: false, nameProblem: null, addresses: [], answersByTls: false },
    ...{ own: null, withoutPrefix: null, webSocketStatus: null, hasPage: null },
    answer: { problem: "not asked" },
  };
  if (!URL.canParse(url)) return { ...common, ...none };
  const address = await addressOf(url).catch((error: unknown) => ({ problem: messageOf(error) }));
  if (typeof address === "object") return { ...common, ...none, nameProblem: address.problem };
  const direct = leadsToUs(url, address, place);
  const known = { ...common, ...none, addresses: [address], leadsToUs: direct };
  const pages = direct ? [new URL(url).pathname] : pathsOf(new URL(url).pathname);
  const hasPage = program === "nova-novncproxy" ? hasAnyPage(web, pages) : null;
  if (!common.runs) return { ...known, hasPage };
  const seen = await askAsBrowser(url);
  const target = { place, hasCertificate: common.hasCertificate };
  const own = await askOurselves(seen.url, target);
  const withoutPrefix = await askWithoutPrefix(seen, own, target);
  const isOurs = isSame(seen.answer, own) || withoutPrefix !== null;
  const opensSockets = program === "nova-novncproxy" && isOurs && !direct;
  return {
    ...known,
    ...{ hasPage, answer: seen.answer, own, withoutPrefix },
    answersByTls: !isOurs && (await answersByTls(seen.url)),
    webSocketStatus: opensSockets ? await askWebSocket(seen.url, target) : null,
  };
}

interface OwnTarget {
  readonly place: ProxyPlace;
  readonly hasCertificate: boolean;
}

interface Seen {
  /** Where redirects have led. */
  readonly url: string;
  readonly answer: BaseUrlFacts["answer"];
}

/** Goes where redirects lead, as a browser does: from http to https at a load balancer. */
async function askAsBrowser(url: string): Promise<Seen> {
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
async function askOurselves(url: string, target: OwnTarget): Promise<HttpAnswer | null> {
  return httpGet(ownUrl(url, target), addressToAsk(target)).catch(() => null);
}

/** Looks whether a shorter path of ours is what the URL answers with. */
async function askWithoutPrefix(
  { url, answer }: Seen,
  own: HttpAnswer | null,
  target: OwnTarget,
): Promise<BaseUrlFacts["withoutPrefix"]> {
  if (own === null || "problem" in answer || isSame(answer, own)) return null;
  const { pathname } = new URL(url);
  for (const path of pathsOf(pathname).slice(1)) {
    const shorter = new URL(url);
    shorter.pathname = path;
    const found = await askOurselves(shorter.href, target);
    if (found !== null && found.status === 200 && isSame(answer, found)) {
      return { prefix: pathname.slice(0, pathname.length - path.length), own: found };
    }
  }
  return null;
}

/** Whether an http URL that did not answer as ours does by https. */
async function answersByTls(url: string): Promise<boolean> {
  if (!url.startsWith("http:")) return false;
  const other = new URL(url);
  // The port stays: 80 is not written in a URL of http.
  const port = other.port === "" ? "80" : other.port;
  other.protocol = "https:";
  other.port = port;
  return httpGet(other.href).then(
    () => true,
    () => false,
  );
}

/** The status of a WebSocket at the URL; null where the service itself opens none. */
async function askWebSocket(url: string, target: OwnTarget): Promise<number | null> {
  const socket = new URL("websockify", url);
  const own = new URL("/websockify", ownUrl(url, target));
  const [theirs, ours] = await Promise.all([
    requestWebSocket(socket.href).catch(() => 0),
    requestWebSocket(own.href, addressToAsk(target)).catch(() => 0),
  ]);
  return ours === 101 ? theirs : null;
}

function ownUrl(url: string, { hasCertificate }: OwnTarget): string {
  const own = new URL(url);
  own.protocol = hasCertificate ? "https:" : "http:";
  return own.href;
}

/** Where this machine itself reaches the service. */
function addressToAsk({ place: { host, port } }: OwnTarget): { host: string; port: number } {
  if (host === "0.0.0.0" || host === "") return { host: "127.0.0.1", port };
  return { host: host === "::" ? "::1" : host, port };
}

function isSame(answer: BaseUrlFacts["answer"], own: HttpAnswer | null): boolean {
  if (own === null || "problem" in answer) return false;
  return own.status === answer.status && own.bodyDigest === answer.bodyDigest;
}

/** A path, and the same without one folder after the other. */
function pathsOf(pathname: string): string[] {
  const parts = pathname.split("/").slice(1);
  const most = Math.min(parts.length, MOST_PREFIXES + 1);
  return Array.from({ length: most }, (_unused, count) => `/${parts.slice(count).join("/")}`);
}

function hasAnyPage(web: string | null, paths: readonly string[]): boolean | null {
  const found = paths.map((path) => hasPage(web, path));
  if (found.includes(true)) return true;
  return found.includes(null) ? null : false;
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
