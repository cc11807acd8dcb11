import type { LoadProcess } from "./load/load-process.ts";
import type { Peer, PeerSpec } from "./peers/peer.ts";

/** A peer that runs, and the processes that load it. */
export interface Scene {
  readonly spec: PeerSpec;
  readonly peer: Peer;
  readonly load: LoadProcess;
  /** For what runs beside the measurement. */
  readonly secondLoad: LoadProcess;
  readonly backendPids: readonly number[];
}

/** Figures by name, in the order of the table. */
export type Figures = Readonly<Record<string, number>>;

/** One thing that is measured. */
export interface Measurement {
  readonly name: string;
  /** For people. */
  readonly title: string;
  /** The figure that peers are compared by. */
  readonly primary: string;
  /** Whether more of it is better; else less is. */
  readonly moreIsBetter?: boolean;
  /** Sessions that the peer must be able to carry. */
  readonly sessions: number;
  /** Whether it is done with TLS as well. */
  readonly tls: boolean;
  /** Whether the peer has to be one that was just started. */
  readonly fresh?: boolean;
  /** Whether it is done only when it is named, as it takes long. */
  readonly onRequest?: boolean;
  run(scene: Scene): Promise<Figures>;
}
