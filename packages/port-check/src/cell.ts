import { type Dependency, Probe, type ProbeOptions } from "@nova-console/health";
import type { ComputeHealth } from "./compute-watch.ts";
import type { ComputeVersion } from "./compute-version.ts";
import type { InstanceRow, InstanceRows } from "./instance-row.ts";
import type { JsonObject } from "./serialized-instance.ts";

/** One server of a topic, and the version of the method. */
export interface CallTarget {
  readonly topic: string;
  readonly server: string;
  readonly version: string;
}

/** How long an answer is waited for. */
export interface CallOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Asks services, as `RpcClient` of oslo-messaging does. */
export interface RpcCaller {
  /** @returns what the remote side returned, whatever it is */
  call(
    target: CallTarget,
    method: string,
    args: JsonObject,
    options: CallOptions,
  ): Promise<unknown>;
}

/** A cell of nova, as far as consoles go. */
export interface Cell {
  readonly rows: InstanceRows;
  /** What its computes are asked with. */
  readonly version: () => Promise<ComputeVersion>;
  /** Those at its message queue. */
  readonly services: RpcCaller;
  /** Its message broker, for people. */
  readonly brokerPlace: string;
  /** Rejects with the reason why the message broker cannot be used. */
  checkBroker(): Promise<void>;
  /** Says whether its nova-compute services answer. */
  computeHealth(): Promise<ComputeHealth>;
  /** Ends its connections. */
  close(): Promise<void>;
}

/** An instance, and where it is. */
export interface FoundInstance {
  readonly row: InstanceRow;
  readonly cell: Cell;
}

/** The cells that tokens may lead to. */
export interface Cells {
  /** @returns null if there is no such instance, or it is deleted */
  find(instanceUuid: string): Promise<FoundInstance | null>;
  /** Says how the brokers and nova-compute services are; each is given 1.5 s. */
  dependencies(): Promise<readonly Dependency[]>;
  /** Ends all connections. */
  close(): Promise<void>;
}

/** One cell, and no other. */
export class OneCell implements Cells {
  readonly #cell: Cell;
  readonly #probe: Probe;

  constructor(cell: Cell, limits: Pick<ProbeOptions, "limitMs" | "now">) {
    this.#cell = cell;
    this.#probe = new Probe({ ask: () => cell.checkBroker(), ...limits });
  }

  async find(instanceUuid: string): Promise<FoundInstance | null> {
    const row = await this.#cell.rows.get(instanceUuid);
    return row === null ? null : { row, cell: this.#cell };
  }

  async dependencies(): Promise<readonly Dependency[]> {
    const [problem, compute] = await Promise.all([
      this.#probe.problem(),
      this.#cell.computeHealth(),
    ]);
    const { brokerPlace } = this.#cell;
    return [
      { kind: "broker", name: brokerPlace, problem, neededBy: "all" },
      computeDependency(`at ${brokerPlace}`, compute, "all"),
    ];
  }

  close(): Promise<void> {
    return this.#cell.close();
  }
}

/** @param whose - the consoles that need nova-compute; some hosts alone close none of the others */
export function computeDependency(
  name: string,
  { problem, isEverywhere, isUnknown }: ComputeHealth,
  whose: Dependency["neededBy"],
): Dependency {
  return { kind: "compute", name, problem, neededBy: isEverywhere ? whose : "none", isUnknown };
}
