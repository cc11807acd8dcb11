import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { describe, it } from "node:test";
import { createBoundedServer } from "./bounded-server.ts";

/** More than the network takes of an answer that is not read. */
const LARGE_BYTES = 32 * 1024 * 1024;

describe("createBoundedServer()", { timeout: 20_000 }, () => {
  it("closes on who takes no byte of an answer, and on nobody who does", async () => {
    const server = createBoundedServer({ mostConnections: 2, stallTimeoutMs: 200 }, (_, response) =>
      response.end(Buffer.alloc(LARGE_BYTES)),
    ).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const ask = (): ReturnType<typeof connect> => {
      const socket = connect(port, "127.0.0.1").on("error", () => undefined);
      socket.write("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
      return socket;
    };
    const deaf = ask().pause();
    const [request] = (await once(server, "request")) as [IncomingMessage];
    await once(request.socket, "close");
    const good = ask();
    let bytes = 0;
    for await (const chunk of good as AsyncIterable<Buffer>) bytes += chunk.length;
    assert.ok(bytes > LARGE_BYTES);
    deaf.destroy();
    server.close();
  });
});
