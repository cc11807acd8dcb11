import { finding, fine, notChecked, type Result } from "../finding.ts";
import { messageOf } from "../host/limit-time.ts";
import { readMetrics } from "../host/read-metrics.ts";
import { runs, usedProxiesOf, type CheckContext } from "./context.ts";

/** What a proxy counts of its limits. */
export interface ConnectionLimitFacts {
  /** Who has counted: `nova-novncproxy`. */
  readonly programs: string;
  /** Its metrics. */
  readonly metrics: string;
}

const METRIC = /^nova_console_connections_refused_total\{limit="([a-z_]+)"\} (\d+)$/gm;

/** What to do where a limit refuses, by its option. */
const remedies: Readonly<Record<string, readonly string[]>> = {
  max_connections_per_address: [
    "find the address in the log: grep 'connections refused' (WARNING)",
    "if it is a load balancer's, in nova.conf: [console_proxy] trusted_proxies = ITS_ADDRESS",
    "and have it send X-Forwarded-For (HTTP mode, 6080), or the PROXY header with proxy_protocol = true",
    "if many people share it: [console_proxy] max_connections_per_address = MORE",
  ],
  max_connections_without_token: [
    "find out who they are: ss -tn state established",
    "if they are viewers: [console_proxy] max_connections_without_token = MORE, and LimitNOFILE with it",
  ],
};

/** Asks each proxy that runs how many connections its limits have refused. */
export async function checkConnectionLimits(context: CheckContext): Promise<Result[]> {
  const programsAt = new Map<string, string[]>();
  const results: Result[] = [];
  for (const { program, loaded } of usedProxiesOf(context)) {
    if (!runs(context, program)) continue;
    const address = loaded.values.console_proxy.admin_listen;
    if (address === null) {
      results.push(
        notChecked(
          `${program} counts no refused connections, as [console_proxy] admin_listen is not set; ` +
            "its log has them: grep 'connections refused'",
        ),
      );
    } else programsAt.set(address, [...(programsAt.get(address) ?? []), program]);
  }
  for (const [address, programs] of programsAt) {
    try {
      const metrics = await readMetrics(address);
      results.push(...judgeConnectionLimits({ programs: programs.join(", "), metrics }));
    } catch (error) {
      results.push(notChecked(`admin_listen ${address} does not answer: ${messageOf(error)}`));
    }
  }
  return results.length > 0 ? results : [notChecked("no proxy runs")];
}

/** Says whether a limit has refused connections since the program's start. */
export function judgeConnectionLimits({ programs, metrics }: ConnectionLimitFacts): Result[] {
  const counts = Array.from(metrics.matchAll(METRIC), ([, option = "", count]) => {
    return { option, count: Number(count) };
  });
  if (counts.length === 0) return [notChecked(`${programs} does not count refused connections`)];
  const refused = counts.filter(({ count }) => count > 0);
  if (refused.length === 0) return [fine(`${programs}: no connection refused since its start`)];
  return refused.map(({ option, count }) =>
    finding(
      "connections-refused",
      `${programs}: ${count} connections refused by [console_proxy] ${option} since its start`,
      remedies[option] ?? [`in nova.conf: [console_proxy] ${option} = MORE`],
    ),
  );
}
