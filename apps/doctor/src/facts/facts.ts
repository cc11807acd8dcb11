/** Of the document: goes up when a reader of the last one would misunderstand. */
export const FACTS_VERSION = 1;
export const FACTS_SCHEMA = "nova-console-facts";

/** What could not be found out, and why. */
export interface Missing {
  readonly missing: string;
}

/** What `nova-console-doctor facts` prints: a compute host, as migration sees it. */
export interface HostFacts {
  readonly schema: typeof FACTS_SCHEMA;
  readonly version: typeof FACTS_VERSION;
  /** ISO 8601, UTC. */
  readonly gathered: string;
  readonly host: {
    readonly name: string;
    /** All names that it calls itself. */
    readonly names: readonly string[];
    /** The same for facts of the same machine, and tells nothing of it. */
    readonly id: string | null;
  };
  readonly addresses: readonly InterfaceAddress[];
  /** What names resolve to there, by name. */
  readonly resolved: Readonly<Record<string, readonly string[] | Missing>>;
  readonly cpu: CpuFacts | Missing;
  readonly virtualisation: {
    /** Of libvirt, or why it does not answer. */
    readonly libvirt: string | Missing;
    /** Whether libvirt offers domains of type kvm. */
    readonly kvm_domains: boolean | Missing;
    readonly kvm_device: boolean;
    readonly qemu: string | Missing;
  };
  /** Those of nova, libvirt and QEMU that there are. */
  readonly users: readonly { readonly name: string; readonly uid: number; readonly gid: number }[];
  readonly groups: readonly { readonly name: string; readonly gid: number }[];
  readonly multipath: MultipathFacts | Missing;
  readonly vnc: VncFacts | Missing;
}

/** An address of a network interface. */
export interface InterfaceAddress {
  readonly interface: string;
  readonly address: string;
  readonly prefix: number;
}

/** The processor, as libvirt describes it. */
export interface CpuFacts {
  readonly arch: string;
  readonly model: string | null;
  readonly vendor: string | null;
  readonly features: readonly string[];
}

/** Devices that are reached by several ways. */
export interface MultipathFacts {
  readonly devices: readonly { readonly name: string; readonly wwid: string }[];
  /** Whether any section turns it on; null: the configuration could not be read. */
  readonly user_friendly_names: boolean | null;
}

/** Options of nova.conf, whichever names they have there. */
export interface VncFacts {
  readonly server_listen: string;
  readonly server_proxyclient_address: string;
  /** `FILE:LINE`, or `default`. */
  readonly server_listen_source: string;
  readonly server_proxyclient_address_source: string;
}

/** Tells a gap from a fact. */
export function isMissing(value: unknown): value is Missing {
  return typeof value === "object" && value !== null && "missing" in value;
}
