import { ECHO_BYTES, keyEcho, keyEvent } from "./rfb-messages.ts";
import type { Viewer } from "./viewer.ts";

/** Longer than any answer takes, so that none is left out for being late. */
const LAST_ANSWER_LIMIT_MS = 10_000;
const TICK_MS = 1;

/**
 * Presses keys and takes the time until their echo is there.
 *
 * @param viewers - press in turn; none presses a key before its last one was answered
 * @param perSecond - key presses of all viewers together; 0: the next one when the last was answered
 * @returns microseconds from the write of the key to the read of its echo, ascending
 */
export async function measureEcho(
  viewers: readonly Viewer[],
  perSecond: number,
  durationMs: number,
): Promise<number[]> {
  const samples: number[] = [];
  const keyboards = viewers.map((viewer) => new Keyboard(viewer, samples));
  const start = performance.now();
  const end = start + durationMs;
  if (perSecond === 0) {
    const [only] = keyboards;
    while (performance.now() < end) await only?.press();
  } else {
    const answers: Promise<void>[] = [];
    await everyTick(end, (now) => {
      for (const due = ((now - start) * perSecond) / 1000; answers.length < due;) {
        const keyboard = keyboards[answers.length % keyboards.length];
        if (keyboard !== undefined) answers.push(keyboard.press());
      }
    });
    await within(Promise.all(answers), LAST_ANSWER_LIMIT_MS);
  }
  return samples.toSorted((a, b) => a - b);
}

class Keyboard {
  readonly #viewer: Viewer;
  readonly #samples: number[];
  readonly #answer = Buffer.alloc(ECHO_BYTES);
  #answerBytes = 0;
  #key = 0;
  #pressedAt = 0;
  #answered: () => void = () => undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(viewer: Viewer, samples: number[]) {
    this.#viewer = viewer;
    this.#samples = samples;
    viewer.sink = (bytes, start, end) => {
      this.#take(bytes, start, end);
    };
  }

  /** Resolves when the key was answered; one that has to wait for the last one is pressed after it. */
  press(): Promise<void> {
    this.#last = this.#last.then(
      () =>
        new Promise((resolve) => {
          this.#answered = resolve;
          this.#key = (this.#key + 0x01_02_03) >>> 0;
          const frame = this.#viewer.encode(keyEvent(this.#key));
          this.#pressedAt = performance.now();
          this.#viewer.send(frame);
        }),
    );
    return this.#last;
  }

  #take(bytes: Buffer, start: number, end: number): void {
    const now = performance.now();
    if (this.#answerBytes + end - start > ECHO_BYTES) throw new Error("more came than an echo");
    bytes.copy(this.#answer, this.#answerBytes, start, end);
    this.#answerBytes += end - start;
    if (this.#answerBytes < ECHO_BYTES) return;
    this.#answerBytes = 0;
    if (!this.#answer.equals(keyEcho(this.#key))) throw new Error("a wrong key was echoed");
    this.#samples.push((now - this.#pressedAt) * 1000);
    this.#answered();
  }
}

function everyTick(end: number, act: (now: number) => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const now = performance.now();
      act(Math.min(now, end));
      if (now < end) return;
      clearInterval(timer);
      resolve();
    }, TICK_MS);
  });
}

async function within<T>(promise: Promise<T>, limitMs: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new Error(`a key press was not answered within ${limitMs} ms`));
  }, limitMs);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
