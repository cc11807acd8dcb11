import type { RevocationCounts } from "./revocations.ts";

/** Writes the counts in the text format of Prometheus. */
export function revocationMetrics(counts: RevocationCounts): string {
  const metrics = [
    ["revocations_total", "counter", counts.done, "Instances whose tokens were revoked over RPC"],
    [
      "revocations_pending",
      "gauge",
      counts.pending,
      "Revocations that the store has not taken yet",
    ],
    [
      ...(["revocation_failures_total", "counter", counts.failedAttempts] as const),
      "Attempts at a revocation that the store did not take",
    ],
    [
      ...(["revocations_given_up_total", "counter", counts.givenUp] as const),
      "Revocations that the store never took",
    ],
  ] as const;
  const lines = metrics.flatMap(([name, type, value, help]) => [
    `# HELP nova_consoleauth_${name} ${help}`,
    `# TYPE nova_consoleauth_${name} ${type}`,
    `nova_consoleauth_${name} ${value}`,
  ]);
  return `${lines.join("\n")}\n`;
}
