import { isIP } from "node:net";
import { finding, fine, notChecked, type Result } from "../finding.ts";
import type { HttpAnswer } from "../host/http-get.ts";
import { hostOf, isLoopbackHost } from "../host/url-host.ts";
import { judgeShownCertificate } from "./certificate-verdicts.ts";
import type { ProxyPlace } from "./context.ts";

/** What was seen of a base URL. */
export interface BaseUrlFacts {
  readonly option: string;
  readonly url: string;
  readonly program: ProxyPlace["program"];
  readonly inCloud: boolean;
  readonly isDefault: boolean;
  /** Whether our service runs, so that somebody has to answer. */
  readonly runs: boolean;
  /** Whether address and port are those that our service listens on, with nobody in between. */
  readonly leadsToUs: boolean;
  readonly hasCertificate: boolean;
  readonly sslOnly: boolean;
  /** Why the name does not resolve; null if it does. */
  readonly nameProblem: string | null;
  /** What the name is here; empty if it does not resolve. */
  readonly addresses: readonly string[];
  /** At the URL. */
  readonly answer: HttpAnswer | { readonly problem: string };
  /** Whether an http URL answers by https instead. */
  readonly answersByTls: boolean;
  /** At the service itself, asked for the same page; null if it was not asked, or did not answer. */
  readonly own: HttpAnswer | null;
  /** The same with a prefix of the path taken off, as a reverse proxy may do; null if no prefix fits. */
  readonly withoutPrefix: { readonly prefix: string; readonly own: HttpAnswer } | null;
  /** Status of a WebSocket beside the page; null if it was not asked for, or the service itself opens none. */
  readonly webSocketStatus: number | null;
  /** Whether the page's file is in the web root; null if that is not known. */
  readonly hasPage: boolean | null;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

/** Statuses of a load balancer that reaches no proxy. */
const GATEWAY_STATUSES = [502, 503, 504];

/** Says whether people who are sent to a base URL arrive here. */
export function judgeBaseUrl(facts: BaseUrlFacts): Result[] {
  const { option, url, program } = facts;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    const what = `${option} is ${url}, must begin with http:// or https://`;
    return [finding("base-url-scheme", what, [setTo(facts, exampleOf(program))])];
  }
  if (facts.inCloud && isLoopbackHost(hostOf(url))) {
    const left = facts.isDefault ? ", the default" : "";
    const what = `${option} is ${url}${left}: to every viewer that is its own machine`;
    return [finding("base-url-loopback", what, [setTo(facts, exampleOf(program))])];
  }
  if (facts.nameProblem !== null) {
    const what = `${option} is ${url}, and ${hostOf(url)} does not resolve here: ${facts.nameProblem}`;
    return [
      finding("base-url-name", what, [
        `getent hosts ${hostOf(url)}`,
        "add the name to the DNS, or correct the option",
      ]),
    ];
  }
  const results = facts.runs ? judgeAnswer(facts) : [judgeSettings(facts)];
  return [...judgeLocalName(facts), ...results];
}

/** What nova.conf alone says, where no service runs that could be asked. */
function judgeSettings(facts: BaseUrlFacts): Result {
  const { option, url, program } = facts;
  const wrong = facts.leadsToUs ? schemeProblem(facts) : null;
  if (wrong !== null) return wrong;
  if (facts.hasPage === false) return pageMissing(facts);
  return notChecked(
    `${option}: ${program} does not run, so nobody can say whether ${url} leads here`,
  );
}

function judgeAnswer(facts: BaseUrlFacts): Result[] {
  const { option, url, program, answer, own } = facts;
  if ("problem" in answer) return [judgeSilence(facts, answer.problem)];
  const shown =
    answer.tls === undefined || facts.leadsToUs
      ? []
      : judgeShownCertificate({ ...answer.tls, option, url, nowMs: facts.nowMs });
  if (own === null) {
    return [...shown, notChecked(`${option}: ${program} itself does not answer on its port`)];
  }
  const isSame = (other: HttpAnswer): boolean =>
    other.status === answer.status && other.bodyDigest === answer.bodyDigest;
  if (isSame(own) && program === "nova-novncproxy" && answer.status === 404) {
    return [...shown, pageMissing(facts)];
  }
  const prefix =
    facts.withoutPrefix !== null && !isSame(own) && isSame(facts.withoutPrefix.own)
      ? facts.withoutPrefix.prefix
      : "";
  if (isSame(own) || prefix !== "") {
    const status = facts.webSocketStatus;
    if (status !== null && status !== 101) {
      const what = `${option} leads here (${url}), and a WebSocket beside the page is answered with status ${status} instead of 101`;
      return [
        ...shown,
        finding("base-url-websocket", what, [
          "nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;",
          "other load balancers: let Connection and Upgrade through, for all paths below the page's folder",
        ]),
      ];
    }
    const how = prefix === "" ? "" : `, by a reverse proxy that takes ${prefix} off`;
    return shown.length > 0 ? shown : [fine(`${option} leads here: ${url}${how}`)];
  }
  if (facts.answersByTls) return [speaksTls(facts)];
  const by = answer.server === "" ? "" : ` (Server: ${answer.server.slice(0, 60)})`;
  const commands = [`curl -kv ${url}`, "correct host and port, or the load balancer's rule"];
  if (GATEWAY_STATUSES.includes(answer.status)) {
    const what = `${option} is ${url}, and a load balancer answers there with status ${answer.status}${by}: it reaches no proxy that it takes for healthy`;
    return [
      ...shown,
      finding("base-url-balancer", what, [
        `curl -kv ${url}`,
        "in the load balancer: address and port of its servers, and what its health check asks for",
      ]),
    ];
  }
  const what = `${option} is ${url}, and what answers there is not this ${program}: status ${answer.status}${by}`;
  return [...shown, finding("base-url-elsewhere", what, commands)];
}

/** Says why nothing that could be compared came back. */
function judgeSilence(facts: BaseUrlFacts, problem: string): Result {
  const { option, url, addresses } = facts;
  const wrong = facts.leadsToUs ? schemeProblem(facts) : null;
  if (wrong !== null) return wrong;
  if (facts.answersByTls) return speaksTls(facts);
  if (new URL(url).protocol === "https:" && problem.includes("speaks no TLS")) {
    const what = `${option} is ${url}, and what listens there speaks no TLS`;
    return finding("base-url-scheme", what, [
      setTo(facts, url.replace(/^https/, "http")),
      "or give what listens there a certificate",
    ]);
  }
  if (isIP(hostOf(url)) === 0 && addresses.length > 0 && addresses.every(isLoopbackHost)) {
    return notChecked(
      `${option}: ${hostOf(url)} is ${addresses.join(", ")} here, where nobody answers (${problem}); ask from a viewer's machine: curl -kv ${url}`,
    );
  }
  return finding(
    "base-url-unreachable",
    `${option} is ${url}, and nobody answers there: ${problem}`,
    [`curl -kv ${url}`, "nova-console-doctor firewall"],
  );
}

/** A proxy of ours that people reach directly, and whose TLS does not fit the URL. */
function schemeProblem(facts: BaseUrlFacts): Result | null {
  const { option, url, program } = facts;
  const { protocol } = new URL(url);
  if (protocol === "https:" && !facts.hasCertificate) {
    const what = `${option} is ${url}, and ${program} has no certificate: nobody speaks TLS there`;
    return finding("base-url-scheme", what, [
      setTo(facts, url.replace(/^https/, "http")),
      "or give the proxy a certificate: [DEFAULT] cert, key",
    ]);
  }
  if (protocol === "http:" && facts.sslOnly) {
    const what = `${option} is ${url}, and [DEFAULT] ssl_only refuses plain connections`;
    return finding("base-url-scheme", what, [setTo(facts, url.replace(/^http/, "https"))]);
  }
  return null;
}

function speaksTls(facts: BaseUrlFacts): Result {
  const what = `${facts.option} is ${facts.url}, and what listens there speaks TLS only`;
  return finding("base-url-scheme", what, [setTo(facts, facts.url.replace(/^http/, "https"))]);
}

/** A name that is this machine's own loopback here says nothing of where viewers are led by it. */
function judgeLocalName({ option, url, addresses }: BaseUrlFacts): Result[] {
  const host = hostOf(url);
  if (isLoopbackHost(host) || addresses.length === 0 || !addresses.every(isLoopbackHost)) return [];
  const list = addresses.join(", ");
  // An address such as Debian's 127.0.1.1 is of /etc/hosts: nobody else gets it.
  if (!addresses.some((address) => !["127.0.0.1", "::1"].includes(address))) {
    return [
      notChecked(`${option}: ${host} is ${list} here; what viewers get for it cannot be seen here`),
    ];
  }
  return [
    finding(
      "base-url-name-local",
      `${option} is ${url}, and ${host} is ${list} here: whether its name leads viewers to this host cannot be seen here`,
      [
        `grep -w ${host} /etc/hosts    (give it the address that the DNS has, instead of ${list})`,
        `on a viewer's machine: getent hosts ${host}`,
      ],
    ),
  ];
}

function pageMissing(facts: BaseUrlFacts): Result {
  const { option, url } = facts;
  const { pathname } = new URL(url);
  const right = new URL("/vnc_auto.html", url);
  const what = `${option} is ${url}, and the web root has no page ${pathname}`;
  return finding("base-url-page", what, [setTo(facts, right.href)]);
}

function setTo({ option }: BaseUrlFacts, value: string): string {
  return `in nova.conf, on every controller and compute: ${option} = ${value}`;
}

function exampleOf(program: ProxyPlace["program"]): string {
  return `http://THIS_HOST:${program === "nova-novncproxy" ? "6080/vnc_auto.html" : "6081/console"}`;
}
