import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Child } from "../proc/child.ts";
import type { CommandName, Commands } from "./commands.ts";

/** A process with viewers in it. */
export class LoadProcess implements AsyncDisposable {
  readonly #child: Child;

  private constructor(child: Child) {
    this.#child = child;
  }

  static async start(logPath: string): Promise<LoadProcess> {
    return new LoadProcess(await Child.fork(pathOf("load.ts"), [], logPath));
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Runs one command to its end; they do not overlap. */
  async ask<Name extends CommandName>(
    name: Name,
    request: Parameters<Commands[Name]>[0],
  ): Promise<ReturnType<Commands[Name]>> {
    this.#child.process.send({ name, request });
    const answer = await answerOf<{ result: ReturnType<Commands[Name]> } | { error: string }>(
      this.#child,
    );
    if ("error" in answer) throw new Error(answer.error);
    return answer.result;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#child[Symbol.asyncDispose]();
  }
}

/** A VNC server in a process of its own. */
export class BackendProcess implements AsyncDisposable {
  readonly port: number;
  readonly #child: Child;

  private constructor(child: Child, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(logPath: string): Promise<BackendProcess> {
    const child = await Child.fork(pathOf("backend.ts"), [], logPath);
    return new BackendProcess(child, await answerOf<number>(child));
  }

  get pid(): number {
    return this.#child.pid;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#child[Symbol.asyncDispose]();
  }
}

async function answerOf<T>(child: Child): Promise<T> {
  const waiting = new AbortController();
  const { signal } = waiting;
  try {
    return await Promise.race([
      once(child.process, "message", { signal }).then(([message]) => message as T),
      once(child.process, "exit", { signal }).then(() => {
        throw child.failure("ended");
      }),
    ]);
  } finally {
    waiting.abort();
  }
}

function pathOf(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
