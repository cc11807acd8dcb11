/**
 * Measures what eight sessions of one token that send messages at full speed cost a proxy in memory, for
 * short and long messages and backends that read or do not: `node test/src/measure-message-memory.ts
 * [SECONDS]` after a build. Fails if it is 64 MiB, or 16 MiB ten seconds after the sessions have ended.
 */
import { floodWithMessages } from "./support/message-flood.ts";

const MIB = 2 ** 20;
const MOST_BYTES = 64 * MIB;
const MOST_BYTES_AFTER = 16 * MIB;
const SIZES = [1, 7, 100, 65_536];

const seconds = Number(process.argv[2] ?? 8);
let isBounded = true;
for (const messageBytes of SIZES) {
  for (const backendReads of [true, false]) {
    const flood = { messageBytes, backendReads, floodMs: seconds * 1000, restMs: 10_000 };
    const { most, after, carriedBytes } = await floodWithMessages(flood);
    const isGood = most < MOST_BYTES && after < MOST_BYTES_AFTER;
    isBounded &&= isGood;
    process.stdout.write(
      `${messageBytes} bytes, backend ${backendReads ? "reads" : "does not read"}: ` +
        `+${(most / MIB).toFixed(1)} MiB, ${(after / MIB).toFixed(1)} MiB after, ` +
        `${(carriedBytes / MIB / seconds).toFixed(1)} MiB/s carried${isGood ? "" : "  TOO MUCH"}\n`,
    );
  }
}
process.exitCode = isBounded ? 0 : 1;
