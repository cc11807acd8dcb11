import { items, member } from "./json.ts";

/** Interfaces that nova is asked on, most wanted first: the internal one is there for services. */
const INTERFACES = ["internal", "public"];

/**
 * Finds nova's address in a service catalogue of Keystone v3.
 *
 * @param catalogue - as it was received, unchecked
 * @param regionName - null: any
 * @returns null if there is none that can be asked over HTTP
 */
export function findComputeUrl(catalogue: unknown, regionName: string | null): URL | null {
  const endpoints = items(catalogue)
    .filter((service) => member(service, "type") === "compute")
    .flatMap((service) => items(member(service, "endpoints")))
    .filter((endpoint) => regionName === null || regionOf(endpoint) === regionName);
  for (const wanted of INTERFACES) {
    for (const endpoint of endpoints) {
      if (member(endpoint, "interface") !== wanted) continue;
      const url = parseHttpUrl(member(endpoint, "url"));
      if (url !== null) return url;
    }
  }
  return null;
}

/** A URL to ask over HTTP; null if it is no such thing. */
export function parseHttpUrl(text: unknown): URL | null {
  const url = typeof text === "string" ? URL.parse(text) : null;
  return url !== null && /^https?:$/.test(url.protocol) ? url : null;
}

function regionOf(endpoint: unknown): unknown {
  return member(endpoint, "region_id") ?? member(endpoint, "region");
}
