import type { ConnectInfo } from "@nova-console/token";
import { tokenIdOf } from "./console-json.ts";

/** What a command has to say, in both of its forms. */
export interface CommandOutput {
  /** Lines without a final line end; empty for nothing. */
  readonly text: string;
  /** The one document of `--json`. */
  readonly json: unknown;
  /** Whether the answer is "yes": 0; "no": 1. */
  readonly exitStatus: 0 | 1;
}

/** `1 token`, `2 tokens`. */
export function countTokens(count: number, kind = ""): string {
  return `${count} ${kind}${kind === "" ? "" : " "}token${count === 1 ? "" : "s"}`;
}

/** `host:port`, an IPv6 address in brackets, or `unix:/path`. */
export function describeEndpoint({ host, port }: { host: string; port: number }): string {
  if (host.startsWith("unix:")) return host;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** One line for one console: columns that line up with those of the others. */
export function describeConsoles(consoles: readonly ConnectInfo[], nowMs: number): string {
  const rows = consoles.map((info) => [
    printable(info.instanceUuid),
    printable(info.consoleType),
    printable(describeEndpoint(info)),
    `expires ${timeOf(info.expires)} (in ${Math.max(0, info.expires - Math.floor(nowMs / 1000))} s)`,
    `id ${tokenIdOf(info)}`,
  ]);
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), 0),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** UTC, to the second; nova may have written any number. */
function timeOf(epochSeconds: number): string {
  const time = new Date(epochSeconds * 1000);
  return Number.isNaN(time.getTime())
    ? String(epochSeconds)
    : time.toISOString().replace(".000Z", "Z");
}

/** Rows that others wrote must not move the cursor of a terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, "?");
}
