import { finding, fine, notChecked, type Result } from "../finding.ts";
import { httpGet } from "../host/http-get.ts";
import type { CommandOutcome } from "../run-command.ts";
import type { CheckContext } from "./context.ts";

/** What is known of the clock. */
export interface ClockFacts {
  readonly chrony: CommandOutcome;
  readonly timedatectl: CommandOutcome;
  /** This clock minus a controller's; null if no controller was asked. */
  readonly difference: { readonly host: string; readonly ms: number } | null;
}

/** A Date header has whole seconds, and an answer takes its time. */
const MOST_DIFFERENCE_MS = 5_000;

/** Asks chrony and systemd, and compares with the host of Keystone or nova's API. */
export async function checkClock({ run, novnc, now }: CheckContext): Promise<Result[]> {
  const { console_proxy, service_user, keystone_authtoken } = novnc.values;
  const url = [console_proxy.nova_api_url, service_user.auth_url, keystone_authtoken.auth_url].find(
    (each) => each !== null && each !== "" && URL.canParse(each) && /^https?:/.test(each),
  );
  const [chrony, timedatectl, difference] = await Promise.all([
    run("chronyc", ["-n", "tracking"]),
    run("timedatectl", ["show"]),
    url === undefined || url === null ? null : compare(url, now),
  ]);
  return judgeClock({ chrony, timedatectl, difference });
}

/** Says whether the clock is kept right. */
export function judgeClock({ chrony, timedatectl, difference }: ClockFacts): Result[] {
  if (difference !== null && Math.abs(difference.ms) > MOST_DIFFERENCE_MS) {
    const seconds = Math.round(Math.abs(difference.ms) / 1000);
    const way = difference.ms > 0 ? "ahead of" : "behind";
    return [
      finding("clock-skew", `this clock is ${seconds} s ${way} that of ${difference.host}`, [
        "systemctl enable --now chronyd",
        "chronyc makestep",
        "nova-console-doctor    (again)",
      ]),
    ];
  }
  const leap = stdoutOf(chrony).match(/^Leap status\s*:\s*(.+)$/m)?.[1];
  const synchronised = stdoutOf(timedatectl).match(/^NTPSynchronized=(\w+)/m)?.[1];
  if (leap === "Normal") return [fine("chrony keeps it")];
  if (synchronised === "yes") return [fine("synchronised, says timedatectl")];
  if (leap !== undefined || synchronised === "no") {
    const who = leap === undefined ? "timedatectl" : "chronyc";
    return [
      finding("clock-not-synchronised", `${who} says that this clock is not synchronised`, [
        "systemctl enable --now chronyd",
        "chronyc sources",
      ]),
    ];
  }
  if (difference !== null) return [fine(`as that of ${difference.host}, to within 5 s`)];
  return [
    notChecked(
      "neither chronyc nor timedatectl answers, and there is no controller to compare with",
    ),
  ];
}

function stdoutOf(outcome: CommandOutcome): string {
  return outcome.kind === "ran" && outcome.status === 0 ? outcome.stdout : "";
}

async function compare(url: string, now: () => number): Promise<ClockFacts["difference"]> {
  const before = now();
  const answer = await httpGet(url).catch(() => null);
  if (answer === null || answer.dateMs === null) return null;
  const middle = (before + now()) / 2;
  return { host: new URL(url).host, ms: middle - answer.dateMs };
}
