import type { ComputeVersion } from "./compute-version.ts";
import type { InstanceRow, InstanceRows } from "./instance-row.ts";
import type { JsonObject } from "./serialized-instance.ts";

/** Asks services, as `RpcClient` of oslo-messaging does. */
export interface RpcCaller {
  /** @returns what the remote side returned, whatever it is */
  call(
    target: { readonly topic: string; readonly server: string; readonly version: string },
    method: string,
    args: JsonObject,
    options: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<unknown>;
}

/** A cell of nova, as far as consoles go. */
export interface Cell {
  readonly rows: InstanceRows;
  /** What its computes are asked with. */
  readonly version: () => Promise<ComputeVersion>;
  /** Those at its message queue. */
  readonly services: RpcCaller;
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
  /** Ends all connections. */
  close(): Promise<void>;
}

/** One cell, and no other. */
export class OneCell implements Cells {
  readonly #cell: Cell;

  constructor(cell: Cell) {
    this.#cell = cell;
  }

  async find(instanceUuid: string): Promise<FoundInstance | null> {
    const row = await this.#cell.rows.get(instanceUuid);
    return row === null ? null : { row, cell: this.#cell };
  }

  close(): Promise<void> {
    return this.#cell.close();
  }
}
