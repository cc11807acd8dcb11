import { findChanges } from "./damage.ts";
import { drawScreen, SCREEN_HEIGHT, SCREEN_WIDTH } from "./draw-screen.ts";
import { Framebuffer } from "./framebuffer.ts";
import type { Rectangle } from "./rectangle.ts";
import { emptyContent, type ScreenContent } from "./screen-content.ts";

/** Changes are drawn together at most this often: some 60 pictures a second. */
const FRAME_MS = 16;
/** How often the clock is looked at. */
const CLOCK_MS = 250;

/** Told which areas of the picture are new. */
export type ChangeListener = (changes: readonly Rectangle[]) => void;

/** The demo's one screen, which all its viewers see: draws itself anew when its content changes. */
export class LiveScreen {
  readonly #now: () => Date;
  readonly #listeners = new Set<ChangeListener>();
  readonly #clock: NodeJS.Timeout;
  #frame: NodeJS.Timeout | undefined;
  #content = emptyContent;
  #shown = new Framebuffer(SCREEN_WIDTH, SCREEN_HEIGHT);
  #spare = new Framebuffer(SCREEN_WIDTH, SCREEN_HEIGHT);
  #drawnSecond: number;

  /** @param now - the time on its clock */
  constructor(now: () => Date) {
    this.#now = now;
    const time = now();
    this.#drawnSecond = time.getSeconds();
    drawScreen(this.#shown, this.#content, time);
    this.#clock = setInterval(() => {
      if (now().getSeconds() !== this.#drawnSecond) this.#scheduleFrame();
    }, CLOCK_MS);
  }

  /** The picture as it is now. It is another object after a change. */
  get picture(): Framebuffer {
    return this.#shown;
  }

  get content(): ScreenContent {
    return this.#content;
  }

  /** Changes what is shown; the picture follows within a frame. */
  update(change: (content: ScreenContent) => ScreenContent): void {
    const content = change(this.#content);
    if (content === this.#content) return;
    this.#content = content;
    this.#scheduleFrame();
  }

  /** @returns ends the watching */
  watch(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  close(): void {
    clearInterval(this.#clock);
    clearTimeout(this.#frame);
    this.#listeners.clear();
  }

  #scheduleFrame(): void {
    this.#frame ??= setTimeout(() => {
      this.#frame = undefined;
      this.#draw();
    }, FRAME_MS);
  }

  #draw(): void {
    const time = this.#now();
    this.#drawnSecond = time.getSeconds();
    const next = this.#spare;
    drawScreen(next, this.#content, time);
    const changes = findChanges(this.#shown, next);
    this.#spare = this.#shown;
    this.#shown = next;
    if (changes.length > 0) for (const listener of this.#listeners) listener(changes);
  }
}
