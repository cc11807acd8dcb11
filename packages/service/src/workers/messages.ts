import type { Config } from "@nova-console/config";
import type { OpenedSession } from "../session-log.ts";
import type { ExitStatus } from "../exit-status.ts";
import type { TlsFiles } from "../read-tls-files.ts";

/** What the primary asks and the worker answers. */
export type Question =
  /** `tlsFiles`: null reads them from the disk. */
  | { readonly name: "reload"; readonly config: Config; readonly tlsFiles: TlsFiles | null }
  /** A list of `Dependency`. */
  | { readonly name: "dependencies" }
  /** A `MetricSnapshot`. */
  | { readonly name: "metrics" }
  /** A list of `SessionEntry`. */
  | { readonly name: "sessions" }
  /** Ends a session. Whether there was one. */
  | { readonly name: "end"; readonly number: number };

/** A worker's part in the whole. */
export interface Seat {
  /** IP address to listen on. */
  readonly host: string;
  readonly port: number;
  /** Whether the kernel shares connections out among all who listen; else the primary process does. */
  readonly reusePort: boolean;
  /** File descriptor of a socket that listens already; null: to be bound. */
  readonly socket: number | null;
  /** How many workers there are. */
  readonly workers: number;
  /** Which of them it is, from 0; one that replaces another takes its seat. */
  readonly seat: number;
}

/** Slots that workers share, as one of them finds them at its start. */
interface SlotsAtStart {
  readonly name: string;
  readonly most: number;
  readonly pooled: readonly string[];
}

/** What the primary process tells a worker. */
export type ToWorker =
  | {
      readonly kind: "start";
      readonly config: Config;
      readonly seat: Seat;
      readonly slots: readonly SlotsAtStart[];
      /** Certificate and key as the other workers have them; null: it reads them from the disk. */
      readonly tlsFiles: TlsFiles | null;
      /** Another worker tells the operator what there is to say about this configuration. */
      readonly quiet: boolean;
    }
  | { readonly kind: "stop" }
  /** To stop listening, answer `left`, and carry open consoles on without a primary process. */
  | { readonly kind: "leave" }
  /** To be answered with `alive`. */
  | { readonly kind: "knock" }
  | { readonly kind: "reopen-log" }
  | { readonly kind: "ask"; readonly id: number; readonly question: Question }
  /** Answers `take`. */
  | {
      readonly kind: "taken";
      readonly slots: string;
      readonly id: number;
      readonly isGranted: boolean;
    }
  /** From now on each slot of this key is asked for; to be answered with `counted`. */
  | { readonly kind: "pool"; readonly slots: string; readonly key: string }
  /** Each worker may take its share of this key again. */
  | { readonly kind: "share-out"; readonly slots: string; readonly key: string };

/** What a worker tells the primary process. */
export type FromWorker =
  | { readonly kind: "ready"; readonly describe: string }
  /** It does not listen any more. */
  | { readonly kind: "left"; readonly consoles: number }
  | { readonly kind: "alive" }
  /** It cannot start, and ends. */
  | { readonly kind: "failed"; readonly message: string; readonly status: ExitStatus }
  /** Answers `ask`; `error` is null if it could. */
  | {
      readonly kind: "answer";
      readonly id: number;
      readonly error: string | null;
      readonly value: unknown;
    }
  /** What has changed since it last said so. @param ended - their numbers */
  | {
      readonly kind: "sessions";
      readonly opened: readonly OpenedSession[];
      readonly ended: readonly number[];
    }
  | { readonly kind: "take"; readonly slots: string; readonly id: number; readonly key: string }
  | { readonly kind: "give-back"; readonly slots: string; readonly key: string }
  | {
      readonly kind: "counted";
      readonly slots: string;
      readonly key: string;
      readonly used: number;
    };

/** Both ends are one program: what has a kind is one of these. @returns null for what has none */
export function decodeToWorker(message: unknown): ToWorker | null {
  return hasKind(message) ? (message as ToWorker) : null;
}

/** As {@link decodeToWorker}. */
export function decodeFromWorker(message: unknown): FromWorker | null {
  return hasKind(message) ? (message as FromWorker) : null;
}

function hasKind(message: unknown): boolean {
  return typeof message === "object" && message !== null && "kind" in message;
}
