import type { Duplex } from "node:stream";
import type { ConnectionInfo } from "@nova-console/listener";
import type { Logger } from "@nova-console/service";
import { closeReasons } from "@nova-console/session";
import type { TokenStore } from "@nova-console/token";
import { type Throttle, untilLeft } from "@nova-console/throttle";
import { answerViewerFileRequest, type ViewerAccess } from "@nova-console/viewer-files";
import { closeGently } from "./close-gently.ts";
import { readRequestHead } from "./read-request-head.ts";
import { HandshakeTime } from "./handshake-time.ts";
import type { RequestHead } from "./request-head.ts";
import { encodeAnswer, encodeRefusal } from "./reply.ts";
import { tokenOfTarget } from "./token-of-target.ts";
import { XvpFront } from "./xvp-front.ts";

/** What {@link XvpDoor} needs. */
export interface XvpDoorOptions {
  /** For the connection files of stock viewers. */
  readonly tokens: TokenStore;
  readonly access: ViewerAccess;
  /** Delays those who show wrong tokens again and again. */
  readonly throttle: Throttle;
  readonly handshakeTimeoutMs: number;
  /** Milliseconds of a clock; only differences count. */
  readonly now: () => number;
  readonly log: Logger;
}

/** Reads XVP requests, which lead to sessions; a GET may also ask for a viewer's file. */
export class XvpDoor {
  readonly #options: XvpDoorOptions;
  /** Connections whose head is not complete. */
  readonly #asking = new Set<Duplex>();

  constructor(options: XvpDoorOptions) {
    this.#options = options;
  }

  /** Drops those who have not said what they want. */
  close(): void {
    for (const channel of this.#asking) channel.destroy();
  }

  /** Takes a connection and reads its request. @returns null if it is no console's: it has its answer then */
  async frontOf(channel: Duplex, connection: ConnectionInfo): Promise<XvpFront | null> {
    const { viewerAddress: address } = connection;
    const { handshakeTimeoutMs, now, log } = this.#options;
    const time = new HandshakeTime(handshakeTimeoutMs, now, connection.acceptedMs);
    this.#asking.add(channel);
    const outcome = await readRequestHead(channel, time.leftMs);
    this.#asking.delete(channel);
    switch (outcome.kind) {
      case "gone":
        channel.destroy();
        return null;
      case "refused":
        log.debug("request refused", { viewer: address, status: outcome.status });
        channel.write(encodeRefusal(outcome.status));
        closeGently(channel);
        return null;
      case "complete": {
        const isFile = await this.#answerFileRequest(channel, outcome.head, address);
        if (isFile || !(await time.resting(this.#admit(channel, address)))) return null;
        const token = tokenOfTarget(outcome.head.target);
        const { tokenShown } = connection;
        return new XvpFront({ channel, address, token, tokenShown, time });
      }
    }
  }

  /** @returns false if the request is for something else; nothing was written then */
  async #answerFileRequest(
    channel: Duplex,
    { method, target }: RequestHead,
    address: string,
  ): Promise<boolean> {
    if (method !== "GET") return false;
    const { tokens, access, throttle } = this.#options;
    const [path = ""] = target.split("?", 1);
    const file = await answerViewerFileRequest({
      ...{ path, token: tokenOfTarget(target), tokens, access },
      ...{ throttle, address, watch: untilLeft(channel) },
    });
    if (file === null) return false;
    channel.write(encodeAnswer(file.status, file.headers, file.body));
    closeGently(channel);
    return true;
  }

  /** @returns false if the viewer left before its delay was over, or was refused */
  async #admit(channel: Duplex, address: string): Promise<boolean> {
    const { throttle } = this.#options;
    const delay = throttle.admit(address, untilLeft(channel));
    if (delay === null) return true;
    const admission = await delay;
    if (admission === "left") channel.destroy();
    else if (admission === "refused") {
      const seconds = String(Math.max(1, throttle.retryAfterSeconds(address)));
      const { httpStatus } = closeReasons["too-many-attempts"];
      channel.write(encodeRefusal(httpStatus, { "Retry-After": seconds }));
      closeGently(channel);
    }
    return admission === "admitted";
  }
}
