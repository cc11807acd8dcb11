import { isIP } from "node:net";
import { isLoopbackHost } from "../host/url-host.ts";
import { isMissing, type HostFacts } from "../facts/facts.ts";
import { finding, fine, notChecked, type Result } from "../finding.ts";
import { bothWays, type Pair } from "./pair.ts";

const ANY = ["0.0.0.0", "::"];

/** VNC servers listen on an address that exists on both hosts. */
export function checkVnc(pair: Pair): Result[] {
  return bothWays(pair).flatMap(({ here, there }) => judge(here, there));
}

function judge(here: HostFacts, there: HostFacts): Result[] {
  const { vnc, host } = here;
  if (isMissing(vnc)) return [notChecked(`${host.name}: ${vnc.missing}`)];
  const results: Result[] = [];
  const { server_listen: listen, server_listen_source: source } = vnc;
  const mend = [
    `in nova.conf of ${host.name}: [vnc] server_listen = 0.0.0.0`,
    `on ${host.name}: systemctl restart openstack-nova-compute`,
    "stop and start instances that were started before: their definition has the old address",
  ];
  if (isLoopbackHost(listen)) {
    results.push(
      finding(
        "migration-vnc-loopback",
        `${host.name}: server_listen is ${listen} (${source})`,
        mend,
      ),
    );
  } else if (!ANY.includes(listen) && !has(there, listen)) {
    results.push(
      finding(
        "migration-vnc-listen",
        `${host.name}: server_listen is ${listen} (${source}), and ${there.host.name} has no such address`,
        mend,
      ),
    );
  }
  const { server_proxyclient_address: client, server_proxyclient_address_source: from } = vnc;
  if (isIP(client) !== 0 && !isLoopbackHost(client) && !has(here, client)) {
    results.push(
      finding(
        "migration-vnc-proxyclient",
        `${host.name}: server_proxyclient_address is ${client} (${from}), and ${host.name} has no such address`,
        [
          `in nova.conf of ${host.name}: [vnc] server_proxyclient_address = $my_ip`,
          `on ${host.name}: systemctl restart openstack-nova-compute`,
        ],
      ),
    );
  }
  return results.length > 0
    ? results
    : [fine(`${host.name}: listens on ${listen}, reached at ${client}`)];
}

function has({ addresses }: HostFacts, address: string): boolean {
  return addresses.some((each) => each.address === address);
}
