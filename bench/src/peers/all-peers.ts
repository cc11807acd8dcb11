import { direct } from "./direct.ts";
import { floors } from "./floors.ts";
import { nova } from "./nova.ts";
import { ours, type Setting } from "./ours.ts";
import type { PeerSpec } from "./peer.ts";
import { haproxy, socat } from "./raw-tcp.ts";
import { websockify } from "./websockify.ts";

/** What the list of peers depends on. */
export interface PeerOptions {
  /** The repository to measure, built. */
  readonly root: string;
  /** Another one, to compare it with; null: none. */
  readonly baseline: string | null;
  /** For the nova.conf of ours. */
  readonly settings: readonly Setting[];
}

/** All that can be measured, in the order of one round. */
export function allPeers({ root, baseline, settings }: PeerOptions): PeerSpec[] {
  const own = (folder: string, suffix: string, tls: boolean, workers = 1): PeerSpec[] =>
    ([6080, 6081] as const).map((port) =>
      ours({ name: `${port}${suffix}`, port, tls, workers, root: folder, settings }),
    );
  return [
    direct,
    ...own(root, "", false),
    ...own(root, "-x2", false, 2),
    ...(baseline === null ? [] : own(baseline, "-base", false)),
    websockify("websockify", false),
    nova,
    haproxy("haproxy", { tls: false, splice: false }),
    haproxy("haproxy-splice", { tls: false, splice: true }),
    socat,
    ...floors.filter(({ tls }) => !tls),
    ...own(root, "-tls", true),
    ...(baseline === null ? [] : own(baseline, "-base-tls", true)),
    websockify("websockify-tls", true),
    haproxy("haproxy-tls", { tls: true, splice: false }),
    ...floors.filter(({ tls }) => tls),
  ];
}
