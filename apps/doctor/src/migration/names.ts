import { isMissing, type HostFacts } from "../facts/facts.ts";
import { finding, fine, notChecked, type Result } from "../finding.ts";
import { bothWays, type Pair } from "./pair.ts";

/** Names resolve both ways: the guide, 8.1.4.1. */
export function checkNames(pair: Pair): Result[] {
  return bothWays(pair).map(({ here, there }) => judge(here, there));
}

function judge(here: HostFacts, there: HostFacts): Result {
  const at = here.host.name;
  const known =
    there.host.names.find((name) => Object.hasOwn(here.resolved, name)) ?? there.host.name;
  const found = Object.hasOwn(here.resolved, known) ? here.resolved[known] : undefined;
  if (found === undefined) {
    return notChecked(
      `the facts of ${at} do not say how ${known} resolves there; gather them so: nova-console-doctor facts --peer ${known}`,
    );
  }
  if (isMissing(found) || found.length === 0) {
    const why = isMissing(found) ? found.missing : "no address";
    return finding("migration-name", `on ${at}, ${known}: ${why}`, [
      `on ${at}: getent hosts ${known}`,
      `on ${at}, in /etc/hosts: ${there.addresses[0]?.address ?? "ADDRESS"} ${known}`,
    ]);
  }
  const own = there.addresses.map(({ address }) => address);
  const right = found.filter((address) => own.includes(address));
  if (right.length === 0) {
    return finding(
      "migration-name-address",
      `on ${at}, ${known} is ${found.join(", ")}; ${known} itself has ${own.join(", ") || "no address"}`,
      [`on ${at}: getent hosts ${known}    (from /etc/hosts, or from the DNS?)`],
    );
  }
  return fine(`on ${at}, ${known} is ${right.join(", ")}`);
}
