import type { Config } from "@nova-console/config";
import { type Dependency, Probe } from "@nova-console/health";
import { checkTokenStore } from "@nova-console/token";
import type { ProxyTokenStore } from "./open-token-store.ts";

/**
 * Watches the store of a proxy.
 *
 * @param now - milliseconds of a clock; only differences count
 * @returns asks how the store is, and its cells if it has any; bounded as a {@link Probe} is
 */
export function watchStore(
  store: ProxyTokenStore,
  { console_proxy }: Config,
  now: () => number,
): () => Promise<readonly Dependency[]> {
  if (store.dependencies !== undefined) return store.dependencies.bind(store);
  const name = "place" in store ? String(store.place) : console_proxy.token_store;
  const probe = new Probe({
    ask: () => checkTokenStore(store),
    limitMs: console_proxy.connect_timeout * 1_000,
    now,
  });
  return async () => [{ kind: "store", name, problem: await probe.problem(), neededBy: "all" }];
}
