import type { Duplex } from "node:stream";
import { type HeadResult, type RequestHead, RequestHeadParser } from "./request-head.ts";

/** How the wait for a head ended. */
export type HeadOutcome =
  | { readonly kind: "complete"; readonly head: RequestHead }
  | { readonly kind: "refused"; readonly status: 400 | 408 | 413 | 431 }
  /** The connection broke before its head was complete. */
  | { readonly kind: "gone" };

/**
 * Reads the head of an XVP request; what came behind it stays in the stream.
 *
 * @param viewer - nobody has read from it yet
 * @param timeoutMs - for the whole head
 * @returns never rejects
 */
export function readRequestHead(viewer: Duplex, timeoutMs: number): Promise<HeadOutcome> {
  const parser = new RequestHeadParser();
  return new Promise((resolve) => {
    const settle = (outcome: HeadOutcome): void => {
      clearTimeout(timer);
      viewer.off("readable", onReadable);
      viewer.off("end", onEnd);
      viewer.off("close", onClose);
      resolve(outcome);
    };
    const timer = setTimeout(() => {
      settle({ kind: "refused", status: 408 });
    }, timeoutMs);
    const onReadable = (): void => {
      const result = parseBuffered(viewer, parser);
      if (result === null) return;
      if (result.kind === "complete" && result.rest.length > 0) viewer.unshift(result.rest);
      settle(result);
    };
    // It has said all it will, and may still listen.
    const onEnd = (): void => {
      settle({ kind: "refused", status: 400 });
    };
    const onClose = (): void => {
      settle({ kind: "gone" });
    };
    viewer.on("readable", onReadable);
    viewer.on("end", onEnd);
    viewer.on("close", onClose);
  });
}

function parseBuffered(viewer: Duplex, parser: RequestHeadParser): HeadResult | null {
  for (;;) {
    const chunk: unknown = viewer.read();
    if (!(chunk instanceof Buffer)) return null;
    const result = parser.push(chunk);
    if (result !== null) return result;
  }
}
