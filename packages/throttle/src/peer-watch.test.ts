import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Socket, connect, type Server } from "node:net";
import { afterEach, beforeEach, describe, it } from "node:test";
import { untilLeft } from "./peer-watch.ts";

describe("untilLeft()", { timeout: 20_000 }, () => {
  let server: Server;
  let client: Socket;
  let served: Socket;
  beforeEach(async () => {
    server = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    assert.ok(typeof address === "object" && address !== null);
    const accepted = once(server, "connection") as Promise<[Socket]>;
    client = connect(address.port, "127.0.0.1");
    client.on("error", () => undefined);
    [served] = await accepted;
    served.on("error", () => undefined);
    await (client.connecting ? once(client, "connect") : undefined);
  });
  afterEach(() => {
    client.destroy();
    served.destroy();
    server.close();
  });

  /** Resolves when the peer is found to have left. */
  function left(): { gone: Promise<void>; stop: () => void } {
    let stop = (): void => undefined;
    const gone = new Promise<void>((resolve) => {
      stop = untilLeft(served)(resolve);
    });
    return { gone, stop };
  }

  it("notices a FIN of a peer from whom nobody reads", async () => {
    const { gone } = left();
    client.end();
    await gone;
  });

  it("notices a reset", async () => {
    const { gone } = left();
    client.resetAndDestroy();
    await gone;
  });

  it("notices at once what happened before", async () => {
    served.destroy();
    await once(served, "close");
    let isGone = false;
    untilLeft(served)(() => (isGone = true));
    assert.ok(isGone);
  });

  it("leaves what the peer sent in the stream, and no listener behind", async () => {
    const before = served.eventNames().map((name) => [name, served.listenerCount(name)]);
    const { stop } = left();
    client.write("early");
    while (served.readableLength < 5) await once(served, "readable");
    stop();
    assert.deepEqual(
      served.eventNames().map((name) => [name, served.listenerCount(name)]),
      before,
    );
    const [chunk] = (await once(served, "data")) as [Buffer];
    assert.equal(chunk.toString(), "early");
  });
});
