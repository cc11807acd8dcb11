import type { Figures } from "./measurement.ts";
import { median } from "./stats/percentile.ts";

/** One measurement of one peer in one round. */
export interface Sample {
  readonly measurement: string;
  readonly peer: string;
  readonly round: number;
  /** null if it failed. */
  readonly figures: Figures | null;
  /** Why it failed; null if it did not. */
  readonly failure: string | null;
}

/** The figures of one peer in one measurement: of each the median over the rounds. */
export function mediansOf(samples: readonly Sample[], measurement: string, peer: string): Figures {
  const figures = samples
    .filter((sample) => sample.measurement === measurement && sample.peer === peer)
    .flatMap((sample) => (sample.figures === null ? [] : [sample.figures]));
  const names = Object.keys(figures[0] ?? {});
  return Object.fromEntries(
    names.map((name) => [name, median(figures.flatMap((each) => each[name] ?? []))]),
  );
}

/**
 * How many times the figure of `peer` is that of `other`: the median of the rounds' own ratios, so
 * that what the machine did in one round weighs on both.
 *
 * @returns null if they have no round in common, or the other's figure is nothing
 */
export function ratioOf(
  samples: readonly Sample[],
  { measurement, figure, peer, other }: Comparison,
): number | null {
  const ratios: number[] = [];
  for (const sample of samples) {
    if (sample.measurement !== measurement || sample.peer !== peer) continue;
    const beside = samples.find(
      (each) =>
        each.measurement === measurement && each.peer === other && each.round === sample.round,
    );
    const [mine, others] = [sample.figures?.[figure], beside?.figures?.[figure]];
    if (mine !== undefined && others !== undefined && others !== 0) ratios.push(mine / others);
  }
  return ratios.length === 0 ? null : median(ratios);
}

/** What {@link ratioOf} compares. */
export interface Comparison {
  readonly measurement: string;
  readonly figure: string;
  readonly peer: string;
  readonly other: string;
}
