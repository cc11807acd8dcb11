import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import { duplexPair } from "node:stream";
import type { Duplex } from "node:stream";
import { ByteReader } from "@nova-console/byte-stream";
import { chunkings } from "@nova-console/byte-stream/testing";
import { requestInternalAccessPath } from "./internal-access-path.ts";

const noDeadline = new AbortController().signal;

/** A hypervisor's proxy that answers with `chunks` whatever it is asked, then ends. */
function proxyAnswering(chunks: readonly Buffer[]): {
  ourSide: Duplex;
  request: () => Promise<string>;
} {
  const [ourSide, proxySide] = duplexPair();
  const received: Buffer[] = [];
  proxySide.on("data", (chunk: Buffer) => received.push(chunk));
  const send = (index: number): void => {
    const chunk = chunks[index];
    if (chunk === undefined) proxySide.end();
    else
      proxySide.write(chunk, () => {
        send(index + 1);
      });
  };
  send(0);
  return {
    ourSide,
    request: async () => {
      ourSide.end();
      if (!proxySide.readableEnded) await once(proxySide, "end");
      return Buffer.concat(received).toString();
    },
  };
}

describe("requestInternalAccessPath()", () => {
  const reply = Buffer.from("HTTP/1.1 200 OK\r\nServer: x\r\n\r\nRFB 003.008\n");
  for (const [delivery, chunks] of chunkings(reply)) {
    it(`leaves RFB after the reply in the stream, delivered ${delivery}`, async () => {
      const { ourSide, request } = proxyAnswering(chunks);
      await requestInternalAccessPath(ourSide, "/console?uuid=1", noDeadline);
      const rest = await new ByteReader(ourSide, noDeadline).readExact(12);
      assert.equal(rest.toString(), "RFB 003.008\n");
      assert.equal(await request(), "CONNECT /console?uuid=1 HTTP/1.1\r\n\r\n");
    });
  }

  const refusals = [
    {
      name: "an answer that is not a 200",
      reply: "HTTP/1.1 403 Forbidden\r\n\r\n",
      message: 'backend answered CONNECT with "HTTP/1.1 403 Forbidden", not with a 200',
    },
    {
      name: "a 200 that stands elsewhere in the line",
      reply: "HTTP/1.1 500 200\r\n\r\n",
      message: 'backend answered CONNECT with "HTTP/1.1 500", not with a 200',
    },
    {
      name: "an answer that repeats the path, which has a session in it, without repeating it",
      reply: "HTTP/1.1 404 /console?session=123\r\n\r\n",
      message: 'backend answered CONNECT with "HTTP/1.1 404", not with a 200',
    },
    {
      name: "what is no answer",
      reply: "session=123\r\n\r\n",
      message: "backend answered CONNECT with no status line, not with a 200",
    },
    {
      name: "an answer cut short",
      reply: "HTTP/1.1 2",
      message: "backend closed before it had answered CONNECT",
    },
    {
      name: "5000 bytes of headers",
      reply: "HTTP/1.1 200 OK\r\n".padEnd(5000, "x"),
      message: "backend answered CONNECT with more than 4096 bytes of headers",
    },
  ];
  for (const { name, reply: text, message } of refusals) {
    it(`rejects ${name}`, async () => {
      const { ourSide } = proxyAnswering([Buffer.from(text)]);
      await assert.rejects(requestInternalAccessPath(ourSide, "/x", noDeadline), {
        code: "BACKEND_ERR_REFUSED",
        message,
      });
    });
  }

  it("rejects a silent backend when the deadline comes", async () => {
    const [ourSide] = duplexPair();
    const deadline = new AbortController();
    const waiting = requestInternalAccessPath(ourSide, "/x", deadline.signal);
    deadline.abort(new Error("too late"));
    await assert.rejects(waiting, { message: "too late" });
  });

  for (const path of ["169.254.169.254:80", "user@host:80/", "http://host/", "[::1]:22"]) {
    it(`does not ask for ${path}, which would lead to another server`, async () => {
      const { ourSide } = proxyAnswering([Buffer.from("HTTP/1.1 200 OK\r\n\r\n")]);
      await assert.rejects(requestInternalAccessPath(ourSide, path, noDeadline), {
        code: "BACKEND_ERR_FORBIDDEN",
      });
    });
  }

  for (const path of ["", "/a b", "/a\r\nHost: x", "/é"]) {
    it(`rejects the path ${JSON.stringify(path)} before it sends anything`, async () => {
      const { ourSide, request } = proxyAnswering([]);
      await assert.rejects(requestInternalAccessPath(ourSide, path, noDeadline), {
        code: "BACKEND_ERR_ADDRESS",
      });
      assert.equal(await request(), "");
    });
  }
});
