import { WebSocket } from "ws";

/** Event of {@link ViewerWebSocket}: the viewer has sent a close frame, or one that is malformed. */
export const CLOSED_BY_VIEWER = "closed-by-viewer";

/**
 * A WebSocket that reports at once that the viewer closes it. `ws` reports the end of the closing
 * handshake only, which a viewer that takes no bytes puts off.
 */
export class ViewerWebSocket extends WebSocket {
  /** Closes it for a reason of ours. */
  closeWith(code: number, words: string): void {
    super.close(code, words);
  }

  /** Called by `ws` itself, to answer the viewer. */
  override close(code?: number, data?: string | Buffer): void {
    super.close(code, data);
    this.emit(CLOSED_BY_VIEWER);
  }
}
