import type { Socket } from "node:net";
import { networkOf } from "@nova-console/throttle";
import { AddressSlots } from "./address-slots.ts";
import type { ConnectionLimit } from "./listen-options.ts";

/** What {@link Places} needs. */
export interface PlacesOptions {
  /** Most places of one client: an IPv4 address, or a /64 of IPv6. */
  readonly mostPerAddress: number;
  /** Most places in all. */
  readonly mostInAll: number;
  /** Hears of each connection that a limit refused or closed. */
  readonly onLimit: (address: string, limit: ConnectionLimit) => void;
}

/**
 * The connections of one port that have not shown a valid token.
 *
 * Where there are too many of one client, the next is refused. Where there are too many in all, the
 * oldest is closed, so that no crowd keeps a newcomer out: first those that wait for another request.
 */
export class Places {
  readonly #options: PlacesOptions;
  readonly #slots: AddressSlots;
  /** The oldest first. */
  readonly #busy = new Set<Place>();
  /** Connections between two requests, the longest at rest first. */
  readonly #resting = new Set<Place>();

  constructor(options: PlacesOptions) {
    this.#options = options;
    this.#slots = new AddressSlots(options.mostPerAddress);
  }

  /** Gives a new connection a place, which may cost the oldest one its own. */
  enter(socket: Socket, address: string): Place {
    if (this.#busy.size + this.#resting.size >= this.#options.mostInAll) this.#cutOldest();
    const place = new Place(this, socket, address);
    this.#busy.add(place);
    return place;
  }

  /** @returns what gives the slot back; null if that client has its most */
  take(address: string): (() => void) | null {
    const release = this.#slots.take(networkOf(address));
    if (release === null) this.#options.onLimit(address, "per-address");
    return release;
  }

  /** Says that a place waits for another request from now on. */
  rest(place: Place): void {
    if (this.#busy.delete(place)) this.#resting.add(place);
  }

  /** Says that a place's next request has come. */
  resume(place: Place): void {
    if (this.#resting.delete(place)) this.#busy.add(place);
  }

  remove(place: Place): void {
    this.#busy.delete(place);
    this.#resting.delete(place);
  }

  #cutOldest(): void {
    const [oldest] = this.#resting.size > 0 ? this.#resting : this.#busy;
    if (oldest === undefined) return;
    this.#options.onLimit(oldest.address, "in-all");
    oldest.cut();
  }
}

/** One connection's place among those that have not shown a valid token. */
export class Place {
  readonly #places: Places;
  readonly #socket: Socket;
  #address: string;
  #release: (() => void) | null = null;
  #hasLeft = false;

  /** @param address - the peer's; nothing is counted for it yet */
  constructor(places: Places, socket: Socket, address: string) {
    this.#places = places;
    this.#socket = socket;
    this.#address = address;
  }

  /** Whom it counts for, or did last. */
  get address(): string {
    return this.#address;
  }

  /**
   * Counts the connection for one client, and for no other one any more.
   *
   * @returns false if that client has its most
   */
  countAs(address: string): boolean {
    if (this.#hasLeft) return true;
    this.#places.resume(this);
    if (this.#release !== null && this.#address === address) return true;
    this.#giveBack();
    this.#address = address;
    this.#release = this.#places.take(address);
    return this.#release !== null;
  }

  /** Counts the connection for no client until {@link countAs}: it waits for another request. */
  rest(): void {
    this.#giveBack();
    this.#places.rest(this);
  }

  /** Counts the connection no longer: it has shown a valid token, or is closed. */
  leave(): void {
    this.#hasLeft = true;
    this.#giveBack();
    this.#places.remove(this);
  }

  /** Closes the connection. */
  cut(): void {
    this.leave();
    this.#socket.resetAndDestroy();
  }

  #giveBack(): void {
    this.#release?.();
    this.#release = null;
  }
}
