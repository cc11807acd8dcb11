import { isMissing, type HostFacts, type MultipathFacts } from "../facts/facts.ts";
import { finding, fine, notChecked, type Result } from "../finding.ts";
import { bothWays, type Pair } from "./pair.ts";

const MEND = [
  "on both: mpathconf --enable --user_friendly_names n",
  "on both: service multipathd restart",
];

/** Same names for the same devices: the guide, 8.1.4.2. It matters where there are such devices. */
export function checkMultipath(pair: Pair): Result[] {
  const { source, destination } = pair;
  const [mine, theirs] = [devicesOf(source), devicesOf(destination)];
  if (mine.length === 0 && theirs.length === 0) {
    const unknown = bothWays(pair).flatMap(({ here }) => unlistedBy(here));
    return unknown.length > 0 ? unknown : [fine("neither host has multipath devices")];
  }
  const without = bothWays(pair).flatMap(({ here }) => missingIn(here));
  if (without.length > 0) return without;
  const friendly = bothWays(pair).flatMap(({ here }) => friendlyIn(here));
  const shared = mine.filter(({ wwid }) => theirs.some((each) => each.wwid === wwid));
  const different = shared.flatMap(({ name, wwid }) => {
    const other = theirs.find((each) => each.wwid === wwid)?.name ?? "";
    return other === name
      ? []
      : [{ wwid, what: `${name} on ${source.host.name}, ${other} on ${destination.host.name}` }];
  });
  const results: Result[] = [
    ...different.map(({ wwid, what }) =>
      finding("migration-multipath-names", `${wwid} is ${what}`, MEND),
    ),
    // The cause is told with its effect, once.
    ...(different.length > 0 ? [] : friendly),
  ];
  const lacking = mine.filter(({ wwid }) => !shared.some((each) => each.wwid === wwid));
  if (lacking.length > 0) {
    const names = lacking.map(({ wwid }) => wwid).join(", ");
    results.push(
      notChecked(
        `${destination.host.name} does not see ${names}: nova connects a volume there when it migrates`,
      ),
    );
  }
  const unread = bothWays(pair).flatMap(({ here }) => unreadBy(here));
  if (unread.length > 0 || results.some(({ kind }) => kind === "finding")) {
    return [...results, ...unread];
  }
  return [
    ...results,
    fine(`${shared.length} devices have the same names, user_friendly_names is off`),
  ];
}

function devicesOf({ multipath }: HostFacts): MultipathFacts["devices"] {
  return isMissing(multipath) ? [] : multipath.devices;
}

function missingIn({ host, multipath }: HostFacts): Result[] {
  if (!isMissing(multipath)) return [];
  return [
    finding("migration-multipath-missing", `${host.name}: ${multipath.missing}`, [
      `on ${host.name}: yum install device-mapper-multipath`,
      `on ${host.name}: mpathconf --enable --user_friendly_names n --with_multipathd y`,
    ]),
  ];
}

/** Without the program there are no such devices; that it failed says nothing of them. */
function unlistedBy({ host, multipath }: HostFacts): Result[] {
  if (!isMissing(multipath) || multipath.missing.endsWith("is not installed")) return [];
  return [notChecked(`${host.name}: ${multipath.missing}`)];
}

function unreadBy({ host, multipath }: HostFacts): Result[] {
  if (isMissing(multipath) || multipath.user_friendly_names !== null) return [];
  return [notChecked(`${host.name}: user_friendly_names; its multipath.conf could not be read`)];
}

function friendlyIn({ host, multipath }: HostFacts): Result[] {
  if (isMissing(multipath) || multipath.user_friendly_names !== true) return [];
  return [
    finding("migration-multipath-friendly", `${host.name}: user_friendly_names is yes`, MEND),
  ];
}
