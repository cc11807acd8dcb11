import type { Dependency, Readiness } from "@nova-console/health";
import type { EndedSession } from "../session-log.ts";

/** A session that lives: the proxies' LiveSession is one. */
export interface ViewedSession extends Omit<EndedSession, "reason" | "detail" | "bug"> {
  /** Whether the viewer has its screen. */
  readonly isOpen: boolean;
}

/** What a service lets its operator see and do while it runs. */
export interface ServiceView {
  /** Its live sessions. */
  list(): readonly ViewedSession[];
  /** Ends one by its number. @returns false if there is none */
  end(number: number): boolean;
  /** Asks what its consoles depend on how it is, within some two seconds. */
  check(): Promise<readonly Dependency[]>;
}

/** A session as `/v1/sessions` shows it. */
export interface SessionEntry {
  readonly id: string;
  readonly state: "opening" | "open";
  readonly front: string;
  readonly token_id: string | null;
  readonly instance_uuid: string | null;
  readonly viewer: string;
  readonly backend: string | null;
  /** When it was asked for, ISO 8601. */
  readonly since: string;
  readonly bytes_from_viewer: number;
  readonly bytes_to_viewer: number;
}

/** What `/v1/sessions` shows. */
export interface SessionList {
  /** Those of workers that were left before are marked. */
  readonly sessions: readonly (SessionEntry & { readonly left: boolean })[];
  /** Process ids of workers that do not answer: their sessions may be missing, or old. */
  readonly silent_workers: readonly number[];
}

/** What the admin address is asked about: a service in one process, or all its workers. */
export interface AdminTarget {
  /** Says whether a console can be opened, and what is missing. */
  readiness(): Promise<Readiness>;
  /** @returns in the text format of Prometheus */
  metrics(): Promise<string>;
  sessions(): Promise<SessionList>;
  /** @returns false if there is none */
  end(id: string): Promise<boolean>;
}

/** @param pid - of the process that has it: makes its number unique in the program */
export function sessionEntry(session: ViewedSession, pid: number, nowMs: number): SessionEntry {
  return {
    id: `${pid}-${session.number}`,
    state: session.isOpen ? "open" : "opening",
    front: session.front,
    token_id: session.tokenId,
    instance_uuid: session.instanceUuid,
    viewer: session.viewerAddress,
    backend: session.backend,
    since: new Date(nowMs - session.durationMs).toISOString(),
    bytes_from_viewer: session.bytesFromViewer,
    bytes_to_viewer: session.bytesToViewer,
  };
}

/** The parts of a {@link SessionEntry}'s id. @returns null for what is none */
export function parseSessionId(
  id: string,
): { readonly pid: number; readonly number: number } | null {
  const match = /^(\d{1,10})-(\d{1,15})$/.exec(id);
  return match === null ? null : { pid: Number(match[1]), number: Number(match[2]) };
}

/** A program with which no console can be opened, whatever it depends on. */
export function notReady(why: string): Readiness {
  return { isReady: false, missing: [why] };
}
