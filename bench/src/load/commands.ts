import type { Target } from "./target.ts";

/** What a load process can be asked for, and what it answers. */
export interface Commands {
  /** Opens consoles that stay open. */
  open: (request: OpenRequest) => null;
  closeAll: (request: null) => null;
  /** Draws on every open console for a while. */
  bulk: (request: BulkRequest) => BulkResult;
  /** Draws until `stopBulk`. */
  startBulk: (request: { readonly pixelBytes: number }) => null;
  stopBulk: (request: null) => { readonly updates: number };
  /** Presses keys on every open console. */
  echo: (request: EchoRequest) => EchoResult;
  /** Opens consoles and closes them at once. */
  cycle: (request: CycleRequest) => CycleResult;
}

/** Name of a command. */
export type CommandName = keyof Commands;

export interface OpenRequest {
  readonly target: Target;
  readonly count: number;
}

export interface BulkRequest {
  readonly pixelBytes: number;
  readonly durationMs: number;
  readonly warmUpMs: number;
  /** Whether every byte is compared, not only those of a console's first updates. */
  readonly verifyAll: boolean;
  /** Whose CPU time is taken, with all that they started. */
  readonly pids: readonly number[];
  readonly backendPids: readonly number[];
}

/** Figures of the measured time, without the time to warm up. */
export interface BulkResult {
  readonly bytes: number;
  readonly updates: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Of this process. */
  readonly loadCpuSeconds: number;
  readonly backendCpuSeconds: number;
}

export interface EchoRequest {
  /** Of all consoles together; 0: one after the other, on the first. */
  readonly perSecond: number;
  readonly durationMs: number;
}

/** Microseconds from a key's press to its echo. */
export interface EchoResult {
  readonly samples: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

export interface CycleRequest {
  readonly target: Target;
  readonly parallel: number;
  /** It ends when both are reached: this much time, and so many consoles. */
  readonly durationMs: number;
  readonly count: number;
  readonly pids: readonly number[];
}

export interface CycleResult {
  readonly opened: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
}
