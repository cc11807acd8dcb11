import { parseStringPromise } from "xml2js";
import type { CpuFacts, Missing } from "./facts.ts";

/** What `virsh capabilities` says of a host. */
export interface Capabilities {
  readonly cpu: CpuFacts | Missing;
  readonly kvmDomains: boolean;
}

/** An element of xml2js: attributes in `$`, text in `_`, children as lists. */
type Element = Readonly<Record<string, unknown>>;

const MOST_FEATURES = 2_000;

/**
 * Reads what `virsh capabilities` prints.
 *
 * @returns the reason if it is no such document
 * @see https://libvirt.org/formatcaps.html
 */
export async function parseCapabilities(text: string): Promise<Capabilities | Missing> {
  let document: unknown;
  try {
    document = await parseStringPromise(text);
  } catch {
    return { missing: "virsh capabilities printed no XML" };
  }
  const root = isElement(document) ? document["capabilities"] : undefined;
  if (!isElement(root)) return { missing: "virsh capabilities printed no <capabilities>" };
  const [cpu] = childrenOf(childrenOf(root, "host")[0], "cpu");
  const kvmDomains = childrenOf(root, "guest")
    .flatMap((guest) => childrenOf(guest, "arch"))
    .flatMap((arch) => childrenOf(arch, "domain"))
    .some((domain) => attributeOf(domain, "type") === "kvm");
  const arch = textOf(cpu, "arch");
  if (cpu === undefined || arch === null) {
    return { cpu: { missing: "virsh capabilities says nothing of the processor" }, kvmDomains };
  }
  const features = childrenOf(cpu, "feature").flatMap((feature) =>
    attributeOf(feature, "policy") === "disable" ? [] : (attributeOf(feature, "name") ?? []),
  );
  return {
    cpu: {
      arch,
      model: textOf(cpu, "model"),
      vendor: textOf(cpu, "vendor"),
      features: [...new Set(features)].sort().slice(0, MOST_FEATURES),
    },
    kvmDomains,
  };
}

function childrenOf(element: Element | undefined, name: string): Element[] {
  const children = element?.[name];
  if (!Array.isArray(children)) return [];
  // An element without attributes and children is a text to xml2js.
  return children.map((child: unknown) => (isElement(child) ? child : { _: child }));
}

function textOf(element: Element | undefined, name: string): string | null {
  const text = childrenOf(element, name)[0]?.["_"];
  return typeof text === "string" && text.trim() !== "" ? text.trim() : null;
}

function attributeOf(element: Element, name: string): string | undefined {
  const attributes = element["$"];
  const value = isElement(attributes) ? attributes[name] : undefined;
  return typeof value === "string" ? value : undefined;
}

function isElement(value: unknown): value is Element {
  return typeof value === "object" && value !== null;
}
