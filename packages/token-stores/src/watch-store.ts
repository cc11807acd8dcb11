import type { Config } from "@nova-console/config";
import { type Dependency, Probe } from "@nova-console/health";
import { checkTokenStore } from "@nova-console/token";
import type { ProxyTokenStore } from "./open-token-store.ts";

/**
 * Watches the store of a proxy. Tokens that exist open their consoles while it cannot be written.
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
  const limitMs = console_proxy.connect_timeout * 1_000;
  const reads = new Probe({ ask: () => checkTokenStore(store), limitMs, now });
  const answers = async (): Promise<Dependency> => {
    return { kind: "store", name, problem: await reads.problem(), neededBy: "all" };
  };
  const ask = store.checkWritable?.bind(store);
  if (ask === undefined) return async () => [await answers()];
  const writes = new Probe({ ask, limitMs, now });
  const takesTokens = async (): Promise<Dependency> => {
    const problem = await writes.problem();
    return { kind: "store", name: `${name} (writes)`, problem, neededBy: "none" };
  };
  return () => Promise.all([answers(), takesTokens()]);
}
