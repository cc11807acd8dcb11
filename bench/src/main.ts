// npm run bench: what the proxies cost, beside others that do the same. See bench/README.md.
import { writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { allMeasurements } from "./measurements.ts";
import type { Measurement } from "./measurement.ts";
import { parseOptions, USAGE, UsageError, type Options } from "./options.ts";
import { allPeers } from "./peers/all-peers.ts";
import type { PeerSpec } from "./peers/peer.ts";
import { drawPlot, type Panel } from "./report/svg-plot.ts";
import { formatFigure } from "./report/table.ts";
import { writeTables } from "./report/write-tables.ts";
import { mediansOf, type Sample } from "./results.ts";
import { scaleOf } from "./scale.ts";
import { Stage } from "./stage.ts";

/** Ours, whose ratio to every other is shown. */
const COMPARED = ["6080", "6081", "6080-tls", "6081-tls"];

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Those that are named, or begin as is named; if none is, all but those on request. */
function chosen<T extends { readonly name: string; readonly onRequest?: boolean }>(
  all: readonly T[],
  only: readonly string[],
  matches: (name: string, wanted: string) => boolean,
): T[] {
  const named = all.filter(({ name }) => only.some((wanted) => matches(name, wanted)));
  return named.length > 0 ? named : all.filter(({ onRequest }) => onRequest !== true);
}

async function measure(
  measurements: readonly Measurement[],
  peers: readonly PeerSpec[],
  { rounds }: Options,
): Promise<Sample[]> {
  await using stage = await Stage.create();
  const samples: Sample[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const measurement of measurements) {
      for (const spec of peers) {
        if (spec.tls && !measurement.tls) continue;
        if (measurement.sessions > spec.maxSessions) continue;
        // Without a proxy there is nothing whose memory could be measured.
        if (measurement.fresh === true && spec.name === "direct") continue;
        const what = { measurement: measurement.name, peer: spec.name, round };
        note(`round ${round} of ${rounds}: ${measurement.name}, ${spec.name}`);
        try {
          const figures = await stage.run(measurement, spec);
          samples.push({ ...what, figures, failure: null });
        } catch (error) {
          const failure = error instanceof Error ? error.message : String(error);
          process.stderr.write(`\n${measurement.name}, ${spec.name}: ${failure}\n`);
          samples.push({ ...what, figures: null, failure });
        }
      }
    }
  }
  note("");
  return samples;
}

function note(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

function plot(samples: readonly Sample[], measurements: readonly Measurement[]): string {
  const panels = measurements.map(({ name, title, primary, moreIsBetter = false }): Panel => {
    const peers = new Set(samples.filter((s) => s.measurement === name).map(({ peer }) => peer));
    const bars = [...peers].flatMap((peer) => {
      const value = mediansOf(samples, name, peer)[primary];
      // Without a proxy there is no CPU that it could take.
      return value === undefined || (peer === "direct" && value === 0)
        ? []
        : [{ name: peer, value, text: formatFigure(value) }];
    });
    return { title: `${primary}: ${title}`, moreIsBetter, bars };
  });
  return drawPlot(panels, new Set([...COMPARED, "6080-x2", "6081-x2"]));
}

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  const { only, baseline, settings, jsonPath, svgPath } = options;
  const everyPeer = allPeers({ root, baseline, settings });
  const wanted = chosen(everyPeer, only, (name, named) => name === named);
  const measurements = chosen(allMeasurements(scaleOf(options)), only, (name, named) =>
    `${name}-`.startsWith(`${named}-`),
  );
  const known = [...everyPeer, ...allMeasurements(scaleOf(options))].map(({ name }) => `${name}-`);
  const unknown = only.find((named) => !known.some((name) => name.startsWith(`${named}-`)));
  if (unknown !== undefined) {
    throw new UsageError(
      `--only ${unknown}: there are ${known.map((n) => n.slice(0, -1)).join(", ")}`,
    );
  }
  const peers = wanted.filter((spec) => {
    const missing = spec.missing();
    if (missing !== null) process.stderr.write(`${spec.name} is left out: ${missing}\n`);
    return missing === null;
  });
  const samples = await measure(measurements, peers, options);
  const machine = {
    cpu: cpus()[0]?.model ?? "",
    cores: cpus().length,
    memoryMiB: Math.round(totalmem() / 1024 ** 2),
    kernel: release(),
    node: process.version,
  };
  process.stdout.write(`${Object.values(machine).join(", ")}\n`);
  process.stdout.write(writeTables(samples, measurements, COMPARED));
  if (jsonPath !== null)
    writeFileSync(jsonPath, JSON.stringify({ machine, options, samples }, null, 1));
  if (svgPath !== null) writeFileSync(svgPath, plot(samples, measurements));
  return samples.some(({ failure }) => failure !== null) ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n\n${USAGE}`);
  process.exitCode = 2;
}
