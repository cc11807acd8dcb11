import { finding, fine, type Result } from "../finding.ts";
import { isLoopbackHost } from "../host/url-host.ts";
import type { CheckContext } from "./context.ts";

/** What nova.conf says of the VNC servers of this machine's own instances. */
export interface VncAddressFacts {
  readonly inCloud: boolean;
  /** nova-compute runs here. */
  readonly isCompute: boolean;
  readonly options: readonly {
    readonly name: string;
    readonly value: string;
    /** `FILE:LINE`, or `default`. */
    readonly source: string;
  }[];
}

/** Looks at the addresses of VNC servers. */
export function checkVncAddresses({ novnc, inCloud, processes }: CheckContext): Result[] {
  const { values, sources } = novnc;
  const isCompute = processes.some(({ words }) =>
    words.some((word) => /(^|\/)nova-compute$/.test(word)),
  );
  const names = ["server_listen", "server_proxyclient_address"] as const;
  const options = names.map((name) => ({
    name: `[vnc] ${name}`,
    value: values.vnc[name],
    source: sources[`vnc.${name}`] ?? "default",
  }));
  return judgeVncAddresses({ inCloud, isCompute, options });
}

/** Says whether other hosts reach them. What has its default counts on a compute only. */
export function judgeVncAddresses({ inCloud, isCompute, options }: VncAddressFacts): Result[] {
  const counted = options.filter(({ source }) => isCompute || source !== "default");
  const local = counted.filter(({ value }) => isLoopbackHost(value));
  if (inCloud && local.length > 0) {
    const listed = local.map(({ name, value, source }) => `${name} is ${value} (${source})`);
    return [
      finding("vnc-loopback", listed.join("; "), [
        "in nova.conf of this compute: [vnc] server_listen = 0.0.0.0",
        "in nova.conf of this compute: [vnc] server_proxyclient_address = $my_ip",
        "systemctl restart openstack-nova-compute",
      ]),
    ];
  }
  if (counted.length === 0) return [fine("this host is no compute, and sets none")];
  return [fine(counted.map(({ name, value }) => `${name} ${value}`).join(", "))];
}
