import { networkInterfaces } from "node:os";
import { resolveName } from "@nova-console/name-lookup";
import { hostOf, isLoopbackHost } from "../host/url-host.ts";
import type { ProxyPlace } from "./context.ts";

const LOOKUP_LIMIT_MS = 5_000;
const ALL_ADDRESSES = ["0.0.0.0", "::", ""];

/** Finds the address of a URL's host. @throws what says why it does not resolve */
export function addressOf(url: string): Promise<string> {
  return resolveName(hostOf(url), LOOKUP_LIMIT_MS);
}

/**
 * Whether a URL leads to a proxy itself: its port at an address that the proxy listens on. A load balancer may have the
 * same port number at another address, of this host or of others.
 */
export function leadsToUs(url: string, address: string, { host, port }: ProxyPlace): boolean {
  const { protocol, port: shown } = new URL(url);
  const shownPort = shown === "" ? (protocol === "https:" ? 443 : 80) : Number(shown);
  if (shownPort !== port) return false;
  if (!ALL_ADDRESSES.includes(host)) return host === address;
  if (isLoopbackHost(address)) return true;
  return Object.values(networkInterfaces()).some((own) =>
    own?.some((each) => each.address === address),
  );
}
