import { once } from "node:events";
import type { Socket } from "node:net";
import { Damage } from "./damage.ts";
import type { LiveScreen } from "./live-screen.ts";
import { nativeFormat, type PixelFormat } from "./pixel-format.ts";
import { encodeRaw } from "./raw-encoding.ts";
import type { Rectangle } from "./rectangle.ts";
import { encodeRectangleHead, encodeUpdateHead, Encoding } from "./server-message.ts";
import { ZrleEncoder } from "./zrle-encoding.ts";

/**
 * Sends one viewer the parts of the screen that it asked for and has not seen.
 *
 * A viewer that does not read is not written to: one update is under way at most, and what
 * changes meanwhile is only marked.
 */
export class UpdateSender {
  readonly #socket: Socket;
  readonly #screen: LiveScreen;
  readonly #signal: AbortSignal;
  readonly #damage: Damage;
  readonly #zrle = new ZrleEncoder();
  readonly #unwatch: () => void;
  #format = nativeFormat;
  #encoding: Encoding = Encoding.Raw;
  /** What the viewer asked for; null if it has its answer. */
  #wanted: Rectangle | null = null;
  #isSending = false;

  /** @param signal - ends its waiting for the socket */
  constructor(socket: Socket, screen: LiveScreen, signal: AbortSignal) {
    this.#socket = socket;
    this.#screen = screen;
    this.#signal = signal;
    this.#damage = new Damage(screen.picture.width, screen.picture.height);
    this.#unwatch = screen.watch((changes) => {
      for (const change of changes) this.#damage.add(change);
      this.#wake();
    });
  }

  setFormat(format: PixelFormat): void {
    this.#format = format;
  }

  /** @param encodings - the viewer's, most wanted first; those that the demo lacks are passed over */
  setEncodings(encodings: readonly number[]): void {
    const known = encodings.find((one) => one === Encoding.Zrle || one === Encoding.Raw);
    this.#encoding = known === Encoding.Zrle ? Encoding.Zrle : Encoding.Raw;
  }

  /** The viewer asks for `area`: all of it, or only what is new in it. */
  request(area: Rectangle, isIncremental: boolean): void {
    if (!isIncremental) this.#damage.add(area);
    this.#wanted = this.#wanted === null ? area : hull(this.#wanted, area);
    this.#wake();
  }

  close(): void {
    this.#unwatch();
    this.#zrle.close();
  }

  #wake(): void {
    if (this.#isSending) return;
    this.#isSending = true;
    this.#sendAll()
      .catch((error: unknown) => {
        // The session reads from this socket, and ends with the error.
        this.#socket.destroy(error instanceof Error ? error : new Error(String(error)));
      })
      .finally(() => {
        this.#isSending = false;
      });
  }

  async #sendAll(): Promise<void> {
    while (this.#wanted !== null && !this.#signal.aborted && !this.#socket.destroyed) {
      const areas = this.#damage.take(this.#wanted);
      if (areas.length === 0) return;
      this.#wanted = null;
      const encoding = this.#encoding;
      const parts = [encodeUpdateHead(areas.length)];
      for (const area of areas) {
        parts.push(encodeRectangleHead(area, encoding), await this.#encode(area, encoding));
      }
      const isBelowMark = this.#socket.write(Buffer.concat(parts));
      if (!isBelowMark) await once(this.#socket, "drain", { signal: this.#signal });
    }
  }

  async #encode(area: Rectangle, encoding: Encoding): Promise<Buffer> {
    const { picture } = this.#screen;
    return encoding === Encoding.Zrle
      ? await this.#zrle.encode(picture, area, this.#format)
      : encodeRaw(picture, area, this.#format);
  }
}

function hull(a: Rectangle, b: Rectangle): Rectangle {
  const x = Math.min(a.x, b.x);
  const y = Math.min(a.y, b.y);
  return {
    x,
    y,
    width: Math.max(a.x + a.width, b.x + b.width) - x,
    height: Math.max(a.y + a.height, b.y + b.height) - y,
  };
}
