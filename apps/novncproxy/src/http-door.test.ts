import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { describe, it } from "node:test";
import { HttpDoor } from "./http-door.ts";

describe("HttpDoor", { timeout: 20_000 }, () => {
  it("lets go of a kept connection whose peer never closes its side", async () => {
    const door = new HttpDoor({
      headTimeoutMs: 50,
      stallTimeoutMs: 1_000,
      onRequest: (_request, response) => {
        response.end();
        return Promise.resolve();
      },
      onUpgrade: () => undefined,
    });
    const server = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const accepted = once(server, "connection") as Promise<[Socket]>;
    const { port } = server.address() as AddressInfo;
    const peer = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    peer.on("error", () => undefined);
    peer.write("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    peer.resume();
    const [socket] = await accepted;
    door.accept(socket, {
      secure: false,
      firstByte: 0x47,
      viewerAddress: "127.0.0.1",
      tokenShown: () => undefined,
      place: { countAs: () => true, rest: () => undefined },
      acceptedMs: performance.now(),
    });
    await once(socket, "close");
    peer.destroy();
    server.close();
  });
});
