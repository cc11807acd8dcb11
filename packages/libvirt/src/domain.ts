import { parseString } from "xml2js";
import { InvalidDomainXmlError } from "./errors.ts";

/** Most of a domain's XML that is read; a large one has some 100 KiB. */
export const MAX_XML_CHARACTERS = 1024 * 1024;
const MAX_REASON_CHARACTERS = 200;

/** A `<listen>` of a `<graphics>`. @see https://libvirt.org/formatdomain.html#graphical-framebuffers */
interface Listen {
  /** `address`, `network`, `socket` or `none`. */
  readonly type: string;
  readonly address: string | null;
  readonly network: string | null;
  readonly socket: string | null;
}

/** A `<graphics>` of a domain. */
export interface Graphics {
  /** `vnc`, `spice`, `sdl`, ... */
  readonly type: string;
  readonly port: string | null;
  /** Old form of a single `<listen type='address'>`. */
  readonly listenAddress: string | null;
  /** Old form of a single `<listen type='socket'>`. */
  readonly socket: string | null;
  readonly listens: readonly Listen[];
}

/** What this package reads of a domain. */
export interface Domain {
  readonly name: string;
  readonly uuid: string;
  /** Only a running domain has an id. */
  readonly isRunning: boolean;
  readonly graphics: readonly Graphics[];
}

/**
 * Parses a domain's XML as `virsh dumpxml` prints it.
 *
 * Entities of a document type are not expanded: one that XML does not define itself is an error.
 *
 * @throws {@link InvalidDomainXmlError} if it is too large, not XML, or not a domain's
 */
export function parseDomain(xml: string): Domain {
  if (xml.length > MAX_XML_CHARACTERS) {
    throw new InvalidDomainXmlError(
      `domain XML has ${xml.length} characters, at most ${MAX_XML_CHARACTERS} are read`,
    );
  }
  const root = parseXml(xml);
  const domain = childrenOf(root, "domain")[0];
  if (domain === undefined) {
    const names = typeof root === "object" && root !== null ? Object.keys(root) : [];
    throw new InvalidDomainXmlError(
      `not a domain's XML: the document is a <${names[0]?.slice(0, 40) ?? ""}>, must be a <domain>`,
    );
  }
  return {
    name: textOf(domain, "name"),
    uuid: textOf(domain, "uuid"),
    isRunning: attributeOf(domain, "id") !== null,
    graphics: childrenOf(domain, "devices")
      .flatMap((devices) => childrenOf(devices, "graphics"))
      .map(decodeGraphics),
  };
}

function decodeGraphics(element: unknown): Graphics {
  return {
    type: attributeOf(element, "type") ?? "",
    port: attributeOf(element, "port"),
    listenAddress: attributeOf(element, "listen"),
    socket: attributeOf(element, "socket"),
    listens: childrenOf(element, "listen").map((listen) => ({
      type: attributeOf(listen, "type") ?? "",
      address: attributeOf(listen, "address"),
      network: attributeOf(listen, "network"),
      socket: attributeOf(listen, "socket"),
    })),
  };
}

function parseXml(xml: string): unknown {
  const errors: unknown[] = [];
  let root: unknown;
  try {
    parseString(xml, { async: false, strict: true }, (error, parsed: unknown) => {
      if (error !== null) errors.push(error);
      root = parsed;
    });
  } catch (error) {
    // The parser tells its callback of an error, and throws the next one that it comes to.
    errors.push(error);
  }
  if (errors.length === 0) return root;
  const [cause] = errors;
  // What, where and at which character come on lines of their own.
  const text = cause instanceof Error ? cause.message : String(cause);
  const reason = text.split("\n").join(", ").slice(0, MAX_REASON_CHARACTERS);
  throw new InvalidDomainXmlError(`not well-formed XML: ${reason}`, { cause });
}

/** Elements are `{ $: attributes, child: [element, ...] }`, or their text if they have neither. */
function childrenOf(element: unknown, name: string): readonly unknown[] {
  const children = propertyOf(element, name);
  return Array.isArray(children)
    ? (children as readonly unknown[])
    : children === undefined
      ? []
      : [children];
}

function attributeOf(element: unknown, name: string): string | null {
  const value = propertyOf(propertyOf(element, "$"), name);
  return typeof value === "string" ? value : null;
}

function textOf(element: unknown, name: string): string {
  const child = childrenOf(element, name)[0];
  const text = typeof child === "string" ? child : propertyOf(child, "_");
  if (typeof text === "string" && text.trim() !== "") return text.trim();
  throw new InvalidDomainXmlError(`domain XML has no <${name}>`);
}

function propertyOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}
