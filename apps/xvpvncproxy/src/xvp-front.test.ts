import assert from "node:assert/strict";
import { type Duplex, duplexPair } from "node:stream";
import { describe, it } from "node:test";
import { SessionRefusedError } from "@nova-console/session";
import { Token } from "@nova-console/token";
import { HandshakeTime } from "./handshake-time.ts";
import { XvpFront } from "./xvp-front.ts";

const timeout = 10_000;
const noDeadline = new AbortController().signal;

function open(): { front: XvpFront; viewer: Duplex; said: () => Promise<string> } {
  const [channel, viewer] = duplexPair();
  const tokenShown = (): void => undefined;
  const front = new XvpFront({
    ...{ channel, address: "192.0.2.1", token: new Token("good"), tokenShown },
    time: new HandshakeTime(10_000, () => 0, 0),
  });
  const said = async (): Promise<string> => {
    let text = "";
    for await (const chunk of viewer as AsyncIterable<Buffer>) text += chunk.toString("latin1");
    return text;
  };
  return { front, viewer, said };
}

const OK = "HTTP/1.1 200 OK\r\n\r\nRFB 003.008\n";
const words = "the console proxy is being stopped";
const length = String.fromCharCode(words.length);

describe("XvpFront", { timeout }, () => {
  it("refuses in HTTP before the 200", async () => {
    const { front, said } = open();
    await front.refuse("backend-unreachable", noDeadline);
    assert.match(await said(), /^HTTP\/1\.1 400 Invalid Request\r\n[^]*\r\n\r\nInvalid Request$/);
  });

  for (const { version, failure } of [
    { version: "RFB 003.008\n", failure: `\0\0\0\0${length}${words}` },
    { version: "RFB 003.003\n", failure: `\0\0\0\0\0\0\0${length}${words}` },
  ]) {
    it(`refuses in RFB after the 200, a viewer of ${version.trim()}`, async () => {
      const { front, viewer, said } = open();
      const ending = new AbortController();
      const admitted = front.admit(ending.signal);
      ending.abort(new SessionRefusedError("proxy-shutdown", "stopped by a test"));
      await assert.rejects(admitted, { message: "stopped by a test" });
      const refused = front.refuse("proxy-shutdown", noDeadline);
      viewer.write(version);
      await refused;
      assert.equal(await said(), OK + failure);
    });
  }

  it("waits no second time for a viewer that was too slow", async () => {
    const { front, said } = open();
    const ending = new AbortController();
    const admitted = front.admit(ending.signal);
    ending.abort(new SessionRefusedError("viewer-timeout", "too slow"));
    await assert.rejects(admitted, { message: "too slow" });
    await front.refuse("viewer-timeout", noDeadline);
    assert.equal(await said(), OK);
  });

  it("gives up a refusal at its deadline", async () => {
    const { front, said } = open();
    const ending = new AbortController();
    const admitted = front.admit(ending.signal);
    ending.abort(new SessionRefusedError("proxy-shutdown", "stopped by a test"));
    await assert.rejects(admitted);
    await front.refuse("proxy-shutdown", AbortSignal.timeout(20));
    assert.equal(await said(), OK);
  });

  it("tells a viewer that wants another security type in nova's words", async () => {
    const nova = "Only the security type 1 (NONE) is supported";
    const { front, viewer, said } = open();
    viewer.write("RFB 003.008\n\u0002");
    await assert.rejects(front.admit(noDeadline), { code: "RFB_ERR_PEER_INCOMPATIBLE" });
    await front.refuse("viewer-misbehaved", noDeadline);
    const result = `\0\0\0\u0001\0\0\0${String.fromCharCode(nova.length)}${nova}`;
    assert.equal(await said(), `${OK}\u0001\u0001${result}`);
  });

  it("does not start RFB when the session has ended already", async () => {
    const { front, said } = open();
    await assert.rejects(front.admit(AbortSignal.abort(new Error("over"))), { message: "over" });
    await front.refuse("proxy-shutdown", noDeadline);
    assert.match(await said(), /^HTTP\/1\.1 503 Service Unavailable\r\n/);
  });
});
