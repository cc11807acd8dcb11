import { InvalidTokenError, TokenStoreError } from "@nova-console/token";
import type { ConsoleDocument } from "./console-document.ts";
import type { HttpAnswer } from "./http-client.ts";
import { items, member, parseJson } from "./json.ts";

/** Where warnings go. */
export interface PlaceLog {
  warn(message: string, fields?: object): void;
}

/** What {@link InstancePlace} needs. */
export interface InstancePlaceOptions {
  /** Asks nova's API for a path below its root. @param maxBytes - a longer answer is refused */
  readonly ask: (path: string, maxBytes: number) => Promise<HttpAnswer>;
  /** Who is asked, for errors. */
  readonly peer: () => string;
  readonly log: PlaceLog;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** An instance with its metadata and addresses. */
const MAX_SERVER_BYTES = 1024 ** 2;
/** Some 2 KB for each compute host. */
const MAX_HYPERVISORS_BYTES = 16 * 1024 ** 2;
/** A user without the right is not tried again for this long. */
const FORBIDDEN_PAUSE_MS = 600_000;
/** The list of compute hosts is as old as this at most, for a refusal ... */
const HOSTS_AGE_MS = 60_000;
/** ... and for what agrees with it: no address of a compute host changes its owner within minutes. */
const AGREED_AGE_MS = 600_000;

/** By address or name: the compute hosts that have it. */
type HostsOf = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Compares where a token leads with the compute host that its instance is on now: nova leaves the tokens
 * of an instance in place at a cold migration, a resize, an evacuation and a shelving, and the old port
 * may be another instance's by then.
 *
 * A token has an address (`[vnc] server_proxyclient_address` of the compute host that made it), and an
 * instance the name of a host. nova tells of each compute host its name and `my_ip`. So a token is refused
 * if its address is that of compute hosts among which the instance's is not, or if the instance is on
 * none. An address that is no compute host's `my_ip` or name cannot be compared, and passes.
 *
 * @see nova/api/openstack/compute/servers.py, hypervisors.py; nova/virt/libvirt/driver.py get_vnc_console
 */
export class InstancePlace {
  readonly #options: InstancePlaceOptions;
  #hosts: { readonly of: HostsOf; readonly atMs: number } | null = null;
  #asking: Promise<HostsOf | null> | null = null;
  #pausedUntilMs = 0;
  /** What was warned of already. */
  readonly #warned = new Set<string>();

  constructor(options: InstancePlaceOptions) {
    this.#options = options;
  }

  /**
   * @throws {@link InvalidTokenError} if the instance is on another compute host now
   * @throws {@link TokenStoreError} if nova's API does not say
   */
  async check({ host: address, instanceUuid }: ConsoleDocument): Promise<void> {
    if (this.#options.now() < this.#pausedUntilMs) return;
    const host = await this.#hostOf(instanceUuid);
    if (host === undefined) return;
    if (host === null) throw new InvalidTokenError("its instance is on no compute host now");
    const known = this.#hosts;
    const isKnown = known?.of.get(address)?.has(host) === true;
    if (isKnown && this.#options.now() - known.atMs < AGREED_AGE_MS) return;
    const hosts = await this.#compareWith();
    const owners = hosts?.get(address);
    if (hosts === null || owners?.has(host) === true) return;
    if (owners === undefined) {
      this.#warnOnce(
        `the address of a console is no compute host's my_ip or name, so that nobody knows whether its instance has moved: set [vnc] server_proxyclient_address of the compute hosts to their my_ip, or use token_store = database`,
        { address },
      );
      return;
    }
    throw new InvalidTokenError(
      `its instance is on ${host} now, and the token leads to ${[...owners].join(", ")}`,
    );
  }

  /** @returns null if it is on none; undefined if nova does not tell this user */
  async #hostOf(instanceUuid: string): Promise<string | null | undefined> {
    const path = `/servers/${instanceUuid}`;
    const { status, text } = await this.#options.ask(path, MAX_SERVER_BYTES);
    // To a user of another project an instance is not there.
    if (status === 403 || status === 404) {
      this.#cannot(status === 403, "os_compute_api:servers:show");
      return undefined;
    }
    if (status !== 200) throw this.#failure(status, "an instance");
    const host = member(member(parseJson(text), "server"), "OS-EXT-SRV-ATTR:host");
    if (host === null || (typeof host === "string" && host !== "")) return host;
    this.#cannot(true, "os_compute_api:os-extended-server-attributes");
    return undefined;
  }

  /** One list for all that ask at once. @returns null if nova does not tell this user */
  async #compareWith(): Promise<HostsOf | null> {
    const known = this.#hosts;
    if (known !== null && this.#options.now() - known.atMs < HOSTS_AGE_MS) return known.of;
    this.#asking ??= this.#askForHosts().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  async #askForHosts(): Promise<HostsOf | null> {
    const answer = await this.#options.ask("/os-hypervisors/detail", MAX_HYPERVISORS_BYTES);
    if (answer.status === 403) {
      this.#cannot(true, "os_compute_api:os-hypervisors:list-detail");
      return null;
    }
    if (answer.status !== 200) throw this.#failure(answer.status, "the compute hosts");
    const of = decodeHosts(answer.text);
    this.#hosts = { of, atMs: this.#options.now() };
    return of;
  }

  #cannot(pauses: boolean, policy: string): void {
    if (pauses) this.#pausedUntilMs = this.#options.now() + FORBIDDEN_PAUSE_MS;
    this.#warnOnce(
      `nova's API does not tell where instances are: after a cold migration or resize a token opens its old port until it expires, whosever that is by then. Allow it by nova's policy, or set [console_proxy] check_port = off to accept that`,
      { policy },
    );
  }

  #warnOnce(message: string, fields: object): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    this.#options.log.warn(message, fields);
  }

  #failure(status: number, what: string): TokenStoreError {
    const text = `${this.#options.peer()} answers ${status} where it is asked for ${what}`;
    return new TokenStoreError(`${text}: see nova-api's log`);
  }
}

/** Reads `GET /os-hypervisors/detail`. */
function decodeHosts(text: string): HostsOf {
  const hosts = new Map<string, Set<string>>();
  for (const hypervisor of items(member(parseJson(text), "hypervisors"))) {
    const host = member(member(hypervisor, "service"), "host");
    if (typeof host !== "string") continue;
    const names = [member(hypervisor, "host_ip"), member(hypervisor, "hypervisor_hostname"), host];
    for (const name of names) {
      if (typeof name !== "string") continue;
      const owners = hosts.get(name) ?? new Set();
      hosts.set(name, owners.add(host));
    }
  }
  return hosts;
}
