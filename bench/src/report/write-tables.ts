import type { Measurement } from "../measurement.ts";
import { mediansOf, ratioOf, type Sample } from "../results.ts";
import { formatFigure, formatTable } from "./table.ts";

/**
 * One table for each measurement: what each peer did, and how many times that our two ports did.
 *
 * @param own - names of the peers that are compared with every other
 */
export function writeTables(
  samples: readonly Sample[],
  measurements: readonly Measurement[],
  own: readonly string[],
): string {
  return measurements
    .map((measurement) => {
      const rows = rowsOf(samples, measurement, own);
      return rows.length < 2
        ? ""
        : `\n${measurement.name}: ${measurement.title}\n\n${formatTable(rows)}`;
    })
    .join("");
}

function rowsOf(
  samples: readonly Sample[],
  { name: measurement, primary }: Measurement,
  own: readonly string[],
): string[][] {
  const here = samples.filter((sample) => sample.measurement === measurement);
  const peers = [...new Set(here.map(({ peer }) => peer))];
  const figureNames = Object.keys(here.find(({ figures }) => figures !== null)?.figures ?? {});
  const compared = own.filter((peer) => peers.includes(peer));
  const head = ["", ...figureNames, ...compared.map((peer) => `${peer}: ${primary} x`)];
  const rows = peers.map((peer) => {
    const medians = mediansOf(here, measurement, peer);
    const figures = figureNames.map((name) => {
      const value = medians[name];
      return value === undefined ? "failed" : formatFigure(value);
    });
    const ratios = compared.map((each) => {
      const comparison = { measurement, figure: primary, peer: each, other: peer };
      const ratio = each === peer ? null : ratioOf(here, comparison);
      return ratio === null ? "-" : formatFigure(ratio);
    });
    return [`  ${peer}`, ...figures, ...ratios];
  });
  return [head, ...rows];
}
