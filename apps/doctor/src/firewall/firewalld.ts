import { parseStringPromise } from "xml2js";
import { DoctorInputError } from "../errors.ts";
import type { Decision, Passage } from "./evaluate.ts";
import { parseRichRule, type RichRule } from "./rich-rule.ts";

/** One zone of firewalld. */
export interface Zone {
  readonly name: string;
  /** `default`, `%%REJECT%%`, `ACCEPT`, `DROP`, ... */
  readonly target: string;
  readonly services: readonly string[];
  /** `6080/tcp`, `6000-6100/tcp`. */
  readonly ports: readonly string[];
  /** `tcp` lets all of it in. */
  readonly protocols: readonly string[];
  readonly interfaces: readonly string[];
  readonly sources: readonly string[];
  readonly richRules: readonly RichRule[];
}

/** Ports of a service, by its name: what `SERVICE.xml` says; null if there is no such file. */
export type ServicePorts = (service: string) => Promise<readonly string[] | null>;

/**
 * Reads what `firewall-cmd --list-all --zone=ZONE` prints.
 *
 * @returns null if it is none
 */
export function parseListAll(text: string): Zone | null {
  const [head = "", ...lines] = text.trimEnd().split("\n");
  const name = /^(\S+)/.exec(head)?.[1];
  if (name === undefined || lines.length === 0) return null;
  const values = new Map<string, string>();
  const richRules: RichRule[] = [];
  for (const line of lines) {
    const option = /^ {2}(\S[^:]*):\s*(.*)$/.exec(line);
    if (option !== null) values.set(option[1] ?? "", option[2] ?? "");
    else if (/^\s+rule\b/.test(line)) richRules.push(parseRichRule(line.trim()));
  }
  if (!values.has("services")) return null;
  const words = (key: string): string[] => (values.get(key) ?? "").split(/\s+/).filter(Boolean);
  return {
    name,
    target: values.get("target") ?? "default",
    services: words("services"),
    ports: words("ports"),
    protocols: words("protocols"),
    interfaces: words("interfaces"),
    sources: words("sources"),
    richRules,
  };
}

/**
 * Reads a zone's XML file.
 *
 * @param source - for messages
 * @throws {@link DoctorInputError} if it is no zone
 * @see firewalld.zone(5)
 */
export async function parseZone(text: string, name: string, source: string): Promise<Zone> {
  const zone = await parseElement(text, "zone", source);
  const { target } = attributesOf(zone);
  return {
    name,
    target: target ?? "default",
    services: childrenOf(zone, "service").map(({ name: service = "" }) => service),
    ports: childrenOf(zone, "port").map(({ port = "", protocol = "" }) => `${port}/${protocol}`),
    protocols: childrenOf(zone, "protocol").map(({ value = "" }) => value),
    interfaces: childrenOf(zone, "interface").map(({ name: device = "" }) => device),
    sources: childrenOf(zone, "source").flatMap(({ address }) => address ?? []),
    richRules: elementsOf(zone, "rule").map(richRuleOf),
  };
}

/** The ports of a service's XML file. @throws {@link DoctorInputError} if it is no service */
export async function parseService(
  text: string,
  source: string,
): Promise<{ readonly ports: readonly string[]; readonly includes: readonly string[] }> {
  const service = await parseElement(text, "service", source);
  return {
    ports: childrenOf(service, "port").map(({ port = "", protocol = "" }) => `${port}/${protocol}`),
    includes: childrenOf(service, "include").map(({ service: name = "" }) => name),
  };
}

/** A rule of a zone's file, in the words of its command. @see firewalld.richlanguage(5) */
function richRuleOf(rule: Element): RichRule {
  const parts = Object.keys(rule).flatMap((name) =>
    name === "$"
      ? []
      : elementsOf(rule, name).map((part) => {
          const words = Object.entries(attributesOf(part)).map(
            ([key, value]) => `${key}="${value}"`,
          );
          return [name, ...words, ...("limit" in part ? ["limit"] : [])].join(" ");
        }),
  );
  return parseRichRule(["rule", ...parts].join(" "));
}

/** What a zone does with a new connection to a TCP port. */
export async function judgeZone(
  zone: Zone,
  port: number,
  servicePorts: ServicePorts,
): Promise<Passage> {
  const by = (otherwise: string): Decision => ({ rule: null, via: null, otherwise });
  const unknownServices: string[] = [];
  const ports = [...zone.ports];
  for (const service of zone.services) {
    const own = await servicePorts(service);
    if (own === null) unknownServices.push(service);
    else ports.push(...own);
  }
  const open =
    zone.target === "ACCEPT" ||
    zone.protocols.includes("tcp") ||
    ports.some((text) => coversPort(text, port));
  const rich: RichRule[] = [];
  for (const rule of zone.richRules) {
    if (await concerns(rule, port, servicePorts)) rich.push(rule);
  }
  // One that lets others in as well changes nothing where everybody gets in.
  const counted = rich.filter(({ verdict }) => !open || verdict !== "accept");
  const [first] = counted;
  if (first !== undefined) {
    if (counted.some(({ verdict }) => verdict !== "accept")) {
      const many = counted.length > 1 ? ` and ${counted.length - 1} more` : "";
      return { kind: "unknown", why: `it has rich rules: ${first.text}${many}` };
    }
    const from = counted.flatMap(({ source }) => source ?? []);
    const byRule = by(`its rich rule ${first.text}`);
    return from.length < counted.length
      ? { kind: "open", by: byRule, except: [] }
      : { kind: "restricted", hook: zone.name, by: byRule, from };
  }
  if (open) {
    return zone.sources.length > 0 && zone.interfaces.length === 0
      ? { kind: "restricted", hook: zone.name, by: by("its sources"), from: zone.sources }
      : { kind: "open", by: by(openBy(zone)), except: [] };
  }
  if (unknownServices.length > 0) {
    return { kind: "unknown", why: `no file says what ports ${unknownServices.join(", ")} has` };
  }
  return {
    kind: "blocked",
    hook: zone.name,
    by: by("none of its ports and services has it"),
    later: false,
    tooLate: null,
  };
}

function openBy({ target, protocols }: Zone): string {
  if (target === "ACCEPT") return "its target";
  return protocols.includes("tcp") ? "its protocols" : "its ports and services";
}

/** Whether a rule may decide about a port: it names it, or names none. */
async function concerns(
  { isOfOtherKind, ports, service }: RichRule,
  port: number,
  servicePorts: ServicePorts,
): Promise<boolean> {
  if (isOfOtherKind) return false;
  if (service === null && ports.length === 0) return true;
  const own = service === null ? [] : await servicePorts(service);
  return own === null || [...ports, ...own].some((text) => coversPort(text, port));
}

function coversPort(text: string, port: number): boolean {
  const match = /^(\d+)(?:-(\d+))?\/tcp$/.exec(text);
  if (match === null) return false;
  const first = Number(match[1]);
  return first <= port && port <= Number(match[2] ?? match[1]);
}

/** xml2js' form of an element: attributes in `$`, children as lists. */
type Element = Readonly<Record<string, unknown>>;

async function parseElement(text: string, name: string, source: string): Promise<Element> {
  let document: unknown;
  try {
    document = await parseStringPromise(text);
  } catch (error) {
    throw new DoctorInputError(`${source}: is no XML`, { cause: error });
  }
  const root = isElement(document) ? document[name] : undefined;
  if (root === undefined) {
    throw new DoctorInputError(`${source}: is no <${name}> of firewalld`);
  }
  return isElement(root) ? root : {};
}

function childrenOf(element: Element, name: string): Readonly<Record<string, string>>[] {
  return elementsOf(element, name).map(attributesOf);
}

function elementsOf(element: Element, name: string): Element[] {
  const children = element[name];
  return Array.isArray(children)
    ? children.map((child: unknown) => (isElement(child) ? child : {}))
    : [];
}

function attributesOf(element: Element): Readonly<Record<string, string>> {
  const attributes = element["$"];
  return isElement(attributes)
    ? Object.fromEntries(
        Object.entries(attributes).filter(
          (entry): entry is [string, string] => typeof entry[1] === "string",
        ),
      )
    : {};
}

function isElement(value: unknown): value is Element {
  return typeof value === "object" && value !== null;
}
