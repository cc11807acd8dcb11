import type { HostFacts } from "../facts/facts.ts";

/** The hosts that an instance is to go between. */
export interface Pair {
  readonly source: HostFacts;
  readonly destination: HostFacts;
}

/** Both, each with the other one. */
export function bothWays({
  source,
  destination,
}: Pair): readonly { readonly here: HostFacts; readonly there: HostFacts }[] {
  return [
    { here: source, there: destination },
    { here: destination, there: source },
  ];
}
