import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import { after, before, describe, it } from "node:test";
import { httpGet } from "./http-get.ts";

describe("httpGet()", () => {
  let server: Server;
  let at: string;
  before(async () => {
    server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.end("\u001b[31mhello\r\n\r\n");
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    at = `127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  after(() => server.close());

  it("says in words that something else than HTTP or TLS is spoken", async () => {
    await assert.rejects(httpGet(`http://${at}`), { message: "what listens there speaks no HTTP" });
    await assert.rejects(httpGet(`https://${at}`), { message: "what listens there speaks no TLS" });
  });
});
