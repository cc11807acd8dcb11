import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { describe, it } from "node:test";
import { pickPort } from "./pick-port.ts";
import { accepts, waitForPort } from "./wait-for-port.ts";

const HOST = "127.0.0.1";
const timeout = 10_000;

/** A server on a port of the system's choice. */
async function listen(): Promise<{ port: number; close: () => void }> {
  const server = createServer((socket) => socket.destroy());
  server.listen(0, HOST);
  await once(server, "listening");
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  return { port: address.port, close: () => void server.close() };
}

describe("pickPort()", () => {
  it("takes the preferred port if it is free, else another", { timeout }, async () => {
    const taken = await listen();
    const other = await pickPort(HOST, taken.port);
    assert.notEqual(other, taken.port);
    assert.equal(await pickPort(HOST, other), other);
    taken.close();
  });
});

describe("waitForPort()", () => {
  it("resolves when somebody accepts", { timeout }, async () => {
    const server = await listen();
    await waitForPort(HOST, server.port, AbortSignal.timeout(5000));
    assert.equal(await accepts(HOST, server.port), true);
    server.close();
  });

  it("rejects with the signal's reason if nobody does", { timeout }, async () => {
    const port = await pickPort(HOST, 0);
    await assert.rejects(waitForPort(HOST, port, AbortSignal.abort()), { name: "AbortError" });
    assert.equal(await accepts("unix:/nonexistent/socket", 0), false);
  });
});
