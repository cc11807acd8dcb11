import type { Duplex } from "node:stream";
import type { ConnectionInfo } from "@nova-console/listener";
import type { Logger } from "@nova-console/service";
import type { TokenStore } from "@nova-console/token";
import { answerViewerFileRequest, type ViewerAccess } from "@nova-console/viewer-files";
import { closeGently } from "./close-gently.ts";
import { readRequestHead } from "./read-request-head.ts";
import { encodeAnswer, encodeRefusal } from "./reply.ts";
import { tokenOfTarget } from "./token-of-target.ts";
import { XvpFront } from "./xvp-front.ts";

/** What {@link XvpDoor} needs. */
export interface XvpDoorOptions {
  /** For the connection files of stock viewers. */
  readonly tokens: TokenStore;
  readonly access: ViewerAccess;
  readonly handshakeTimeoutMs: number;
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
  async frontOf(
    channel: Duplex,
    { viewerAddress, tokenShown }: ConnectionInfo,
  ): Promise<XvpFront | null> {
    const { handshakeTimeoutMs, log, tokens, access } = this.#options;
    this.#asking.add(channel);
    const outcome = await readRequestHead(channel, handshakeTimeoutMs);
    this.#asking.delete(channel);
    switch (outcome.kind) {
      case "gone":
        channel.destroy();
        return null;
      case "refused":
        log.debug("request refused", { viewer: viewerAddress, status: outcome.status });
        channel.write(encodeRefusal(outcome.status));
        closeGently(channel);
        return null;
      case "complete": {
        const { method, target } = outcome.head;
        const token = tokenOfTarget(target);
        const [path = ""] = target.split("?", 1);
        const file =
          method === "GET" ? await answerViewerFileRequest({ path, token, tokens, access }) : null;
        if (file === null) {
          return new XvpFront({ channel, address: viewerAddress, token, tokenShown });
        }
        channel.write(encodeAnswer(file.status, file.headers, file.body));
        closeGently(channel);
        return null;
      }
    }
  }
}
