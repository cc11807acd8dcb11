import type { HostFacts } from "../facts/facts.ts";
import { finding, fine, type Result } from "../finding.ts";
import { bothWays, type Pair } from "./pair.ts";

/** What QEMU runs as: RHEL's name and Debian's. */
const QEMU_USERS = ["qemu", "libvirt-qemu"];

/** Same numbers for nova and libvirt: the guide, 8.1.4.1. */
export function checkUsers(pair: Pair): Result[] {
  const { source, destination } = pair;
  const missing = bothWays(pair).flatMap(({ here }) => missingIn(here));
  const results: Result[] = [...missing];
  const same: string[] = [];
  for (const user of source.users) {
    const other = destination.users.find(({ name }) => name === user.name);
    if (other === undefined) continue;
    if (other.uid === user.uid && other.gid === user.gid) {
      same.push(`${user.name} ${user.uid}:${user.gid}`);
      continue;
    }
    results.push(
      different(pair, "user", user.name, `${user.uid}:${user.gid}`, `${other.uid}:${other.gid}`),
    );
  }
  for (const group of source.groups) {
    const other = destination.groups.find(({ name }) => name === group.name);
    const isUsers = source.users.some(({ name }) => name === group.name);
    // A user's own group was compared with it.
    if (other === undefined || isUsers) continue;
    if (other.gid === group.gid) same.push(`group ${group.name} ${group.gid}`);
    else results.push(different(pair, "group", group.name, String(group.gid), String(other.gid)));
  }
  return results.length > 0 ? results : [fine(same.join(", "))];
}

function missingIn({ host, users }: HostFacts): Result[] {
  const names = users.map(({ name }) => name);
  const results: Result[] = [];
  if (!names.includes("nova")) {
    results.push(
      finding("migration-user-missing", `${host.name} has no user nova`, [
        `on ${host.name}: yum install openstack-nova-compute`,
      ]),
    );
  }
  if (!QEMU_USERS.some((name) => names.includes(name))) {
    results.push(
      finding(
        "migration-user-missing",
        `${host.name} has none of the users ${QEMU_USERS.join(", ")}`,
        [`on ${host.name}: yum install libvirt qemu-kvm`],
      ),
    );
  }
  return results;
}

function different(
  { source, destination }: Pair,
  kind: "user" | "group",
  name: string,
  mine: string,
  theirs: string,
): Result {
  const [uid = "", gid = uid] = mine.split(":");
  const [otherUid, otherGid = otherUid] = theirs.split(":");
  const commands = [
    ...(gid === otherGid ? [] : [`groupmod -g ${gid} ${name}`]),
    ...(kind === "group" || uid === otherUid ? [] : [`usermod -u ${uid} ${name}`]),
  ];
  return finding(
    "migration-uid",
    `${kind} ${name} is ${mine} on ${source.host.name}, and ${theirs} on ${destination.host.name}`,
    [
      `on ${destination.host.name}, with nova-compute and libvirtd stopped and no instance there:`,
      ...commands,
      `find / -xdev \\( -uid OLD -o -gid OLD \\)    (and chown what it lists)`,
    ],
  );
}
