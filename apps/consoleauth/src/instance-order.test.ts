import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InstanceOrder } from "./instance-order.ts";
import { TIMEOUT } from "./testing.ts";

const INSTANCE = "aaaaaaaa-2222-3333-4444-555555555555";

/** Tasks that end when they are told to. */
class Tasks {
  readonly begun: string[] = [];
  readonly #ends = new Map<string, (error?: Error) => void>();

  of(name: string): () => Promise<string> {
    return () => {
      this.begun.push(name);
      return new Promise((resolve, reject) => {
        this.#ends.set(name, (error) => {
          if (error === undefined) resolve(name);
          else reject(error);
        });
      });
    };
  }

  async end(name: string, error?: Error): Promise<void> {
    this.#ends.get(name)?.(error);
    await new Promise(setImmediate);
  }
}

describe("InstanceOrder", () => {
  it("keeps the order between what runs alone and what runs together", TIMEOUT, async () => {
    const [order, tasks] = [new InstanceOrder(), new Tasks()];
    const first = order.runTogether(INSTANCE, tasks.of("first"));
    const second = order.runTogether(INSTANCE, tasks.of("second"));
    const alone = order.runAlone(INSTANCE.toUpperCase(), tasks.of("alone"));
    const third = order.runTogether(INSTANCE, tasks.of("third"));
    const fourth = order.runTogether(INSTANCE, tasks.of("fourth"));
    const last = order.runAlone(INSTANCE, tasks.of("last"));
    void order.runAlone("other", tasks.of("other"));
    assert.deepEqual(tasks.begun, ["first", "second", "other"]);
    const failed = assert.rejects(first, { message: "gone" });
    await tasks.end("first", new Error("gone"));
    await failed;
    assert.equal(tasks.begun.length, 3);
    await tasks.end("second");
    assert.equal(await second, "second");
    assert.deepEqual(tasks.begun.slice(3), ["alone"]);
    const refused = assert.rejects(alone, { message: "away" });
    await tasks.end("alone", new Error("away"));
    await refused;
    assert.deepEqual(tasks.begun.slice(4), ["third", "fourth"]);
    await tasks.end("fourth");
    await tasks.end("third");
    await tasks.end("last");
    assert.deepEqual(await Promise.all([third, fourth, last]), ["third", "fourth", "last"]);
  });
});
