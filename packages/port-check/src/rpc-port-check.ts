import {
  PortCheckUnavailableError,
  PortNotInstancesError,
  type PortCheck,
} from "@nova-console/session";
import type { ConnectInfo } from "@nova-console/token";
import type { Cells } from "./cell.ts";
import { encodeInstance } from "./serialized-instance.ts";

/** What the check stands on. */
export interface RpcPortCheckOptions {
  readonly cells: Pick<Cells, "find">;
  /**
   * Longest that a check takes, database and nova-compute together. It has to be shorter than what the
   * session gives it, whose own end does not know what was waited for.
   */
  readonly timeoutMs: number;
  /** Milliseconds of a clock; only differences count. */
  readonly now: () => number;
}

/** What nova-compute raises when there is no such instance on its host. */
const NO_SUCH_INSTANCE = new Set(["InstanceNotFound", "InstanceNotReady"]);

/**
 * Asks the nova-compute that runs the instance, as nova-novncproxy does. Only `true` is a yes.
 *
 * @see nova/console/websocketproxy.py
 */
export class RpcPortCheck implements PortCheck {
  readonly #options: RpcPortCheckOptions;

  constructor(options: RpcPortCheckOptions) {
    this.#options = options;
  }

  async check(info: ConnectInfo, signal: AbortSignal): Promise<void> {
    const { cells, now } = this.#options;
    const sinceMs = now();
    const leftMs = (): number => {
      const { timeoutMs } = this.#options;
      return Math.min(timeoutMs, Math.max(1, Math.ceil(timeoutMs - (now() - sinceMs))));
    };
    const found = await known(cells.find(info.instanceUuid), leftMs());
    if (found === null) {
      throw new PortNotInstancesError(`instance ${info.instanceUuid} does not exist any more`);
    }
    const { row, cell } = found;
    const { host: server } = row.instance;
    if (typeof server !== "string" || server === "") {
      throw new PortNotInstancesError(`instance ${info.instanceUuid} runs on no host`);
    }
    const target = { topic: "compute", server, version: await known(cell.version(), leftMs()) };
    const args = {
      instance: encodeInstance(row),
      port: String(info.port),
      console_type: info.consoleType,
    };
    const answer = await cell.services
      .call(target, "validate_console_port", args, { timeoutMs: leftMs(), signal })
      .catch((error: unknown) => {
        throw ofCall(error, server, info);
      });
    if (answer !== true) throw notInstances(server, info);
  }
}

/** @throws {@link PortCheckUnavailableError} if the database cannot say, or not within `limitMs` */
async function known<T>(answer: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  try {
    // Not by Promise.race(), which costs several times as much: every console opened comes through here.
    return await new Promise<T>((resolve, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`nova's database did not answer within ${limitMs} ms`));
      }, limitMs);
      answer.then(resolve, reject);
    });
  } catch (error) {
    throw unavailable("the instance cannot be looked up", error);
  } finally {
    clearTimeout(timer);
  }
}

function ofCall(error: unknown, server: string, info: ConnectInfo): Error {
  const remoteClass = error instanceof Error && "remoteClass" in error ? error.remoteClass : null;
  if (typeof remoteClass === "string" && NO_SUCH_INSTANCE.has(remoteClass)) {
    return notInstances(server, info, { cause: error });
  }
  return unavailable(`nova-compute on ${server} was asked whose port it is`, error);
}

function notInstances(server: string, info: ConnectInfo, options?: ErrorOptions): Error {
  return new PortNotInstancesError(
    `nova-compute on ${server} does not confirm that port ${info.port} is instance ` +
      `${info.instanceUuid}'s ${info.consoleType} console`,
    options,
  );
}

function unavailable(what: string, cause: unknown): PortCheckUnavailableError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new PortCheckUnavailableError(`${what}: ${why}`, { cause });
}
