import type { Dependency } from "@nova-console/health";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { type ConnectionLimitOption, connectionLimitOptions } from "../connection-limit-report.ts";
import type { EndedSession, OpenedSession } from "../session-log.ts";
import type { ServiceView } from "./service-view.ts";

const OPENING_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Metrics of one process, as JSON can carry them. */
export type MetricSnapshot = readonly object[];

/** How the store answered when a token was checked. */
export type TokenCheck = "valid" | "invalid" | "unavailable";

/** What one process counts. Nothing is measured but when it is asked. */
export class ServiceMetrics {
  readonly #registry = new Registry();
  readonly #opened: Counter<"front">;
  readonly #ended: Counter<"front" | "reason">;
  readonly #opening: Histogram;
  readonly #tokenChecks: Counter<"outcome">;
  readonly #refusals: Counter<"limit">;
  readonly #throttled: Counter<"kind" | "outcome">;
  /** Of sessions that have ended. */
  readonly #carried = { from_viewer: 0, to_viewer: 0 };
  #view: ServiceView | null = null;

  /** @param worker - which of the processes it is, for what is not added up */
  constructor(worker: number) {
    const registers = [this.#registry];
    this.#opened = new Counter({
      ...{ name: "nova_console_sessions_opened_total", registers, labelNames: ["front"] },
      help: "Consoles whose viewer got its screen, by the way it came in",
    });
    this.#ended = new Counter({
      ...{ name: "nova_console_sessions_ended_total", registers, labelNames: ["front", "reason"] },
      help: "Sessions that have ended, refused ones included, by their close reason",
    });
    this.#opening = new Histogram({
      ...{ name: "nova_console_opening_seconds", registers, buckets: OPENING_SECONDS },
      help: "From a viewer's request to its screen",
    });
    this.#tokenChecks = new Counter({
      ...{ name: "nova_console_token_checks_total", registers, labelNames: ["outcome"] },
      help: "Answers of the token store: valid, invalid, unavailable",
    });
    this.#refusals = new Counter({
      ...{ name: "nova_console_connections_refused_total", registers, labelNames: ["limit"] },
      help: "Connections without a valid token that were refused or closed, by the option that limits them",
    });
    for (const limit of Object.values(connectionLimitOptions)) this.#refusals.inc({ limit }, 0);
    this.#throttled = new Counter({
      ...{ name: "nova_console_throttled_attempts_total", registers },
      labelNames: ["kind", "outcome"],
      help: "Attempts of addresses with many failures: delayed, or refused as too many waited already",
    });
    this.#addSessions(registers);
    this.#addDependencies(registers);
    addProcess(registers, String(worker));
  }

  /** From now on live sessions are seen. */
  watch(view: ServiceView): void {
    this.#view = view;
  }

  sessionOpened({ front, durationMs }: OpenedSession): void {
    this.#opened.inc({ front });
    this.#opening.observe(durationMs / 1000);
  }

  sessionEnded({ front, reason, bytesFromViewer, bytesToViewer }: EndedSession): void {
    this.#ended.inc({ front, reason });
    this.#carried.from_viewer += bytesFromViewer;
    this.#carried.to_viewer += bytesToViewer;
  }

  tokenChecked(outcome: TokenCheck): void {
    this.#tokenChecks.inc({ outcome });
  }

  connectionRefused(limit: ConnectionLimitOption): void {
    this.#refusals.inc({ limit });
  }

  attemptThrottled(kind: "token" | "password", outcome: "delayed" | "refused"): void {
    this.#throttled.inc({ kind, outcome });
  }

  snapshot(): Promise<MetricSnapshot> {
    return this.#registry.getMetricsAsJSON();
  }

  #addDependencies(registers: Registry[]): void {
    const check = async (): Promise<readonly Dependency[]> => (await this.#view?.check()) ?? [];
    new Gauge({
      ...{ name: "nova_console_dependency_up", registers, labelNames: ["kind", "name"] },
      help: "Stores, cells, brokers and nova-compute services that consoles depend on: 1 if it can be used from every worker",
      aggregator: "min",
      async collect() {
        const dependencies = await check();
        this.reset();
        // Tokens and the port check may name the same one: what is down is set last.
        const byState = dependencies.toSorted(
          (a, b) => Number(a.problem !== null) - Number(b.problem !== null),
        );
        for (const { kind, name, problem } of byState) {
          this.set({ kind, name }, problem === null ? 1 : 0);
        }
      },
    });
  }

  #addSessions(registers: Registry[]): void {
    const list = (): ReturnType<ServiceView["list"]> => this.#view?.list() ?? [];
    const carried = this.#carried;
    new Gauge({
      ...{ name: "nova_console_sessions", registers, labelNames: ["state"] },
      help: "Live sessions: open ones, and those in their handshakes",
      collect() {
        const sessions = list();
        const open = sessions.filter(({ isOpen }) => isOpen).length;
        this.set({ state: "open" }, open);
        this.set({ state: "opening" }, sessions.length - open);
      },
    });
    new Counter({
      ...{ name: "nova_console_bytes_total", registers, labelNames: ["direction"] },
      help: "Bytes carried after the handshakes, by direction",
      collect() {
        const sum = { ...carried };
        for (const { bytesFromViewer, bytesToViewer } of list()) {
          sum.from_viewer += bytesFromViewer;
          sum.to_viewer += bytesToViewer;
        }
        this.reset();
        this.inc({ direction: "from_viewer" }, sum.from_viewer);
        this.inc({ direction: "to_viewer" }, sum.to_viewer);
      },
    });
  }
}

function addProcess(registers: Registry[], worker: string): void {
  const labelNames = ["worker"];
  new Gauge({
    ...{ name: "nova_console_event_loop_lag_seconds", registers, labelNames },
    help: "How late the event loop is at this moment",
    async collect() {
      const askedMs = performance.now();
      await new Promise(setImmediate);
      this.set({ worker }, (performance.now() - askedMs) / 1000);
    },
  });
  new Gauge({
    ...{ name: "nova_console_resident_memory_bytes", registers, labelNames },
    help: "Memory of the process",
    collect() {
      this.set({ worker }, process.memoryUsage.rss());
    },
  });
  new Counter({
    ...{ name: "nova_console_cpu_seconds_total", registers, labelNames },
    help: "CPU time of the process, user and system",
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc({ worker }, (user + system) / 1e6);
    },
  });
}
