import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  decodeReply,
  decodeRequest,
  encodeReply,
  encodeReplyEnd,
  encodeRequest,
} from "./envelope.ts";
import { InvalidMessageError, RemoteError } from "./errors.ts";

const replyTo = { queue: "reply_1", messageId: "m1" };

function envelope(message: unknown, version: unknown = "2.0"): Buffer {
  return Buffer.from(
    JSON.stringify({ "oslo.version": version, "oslo.message": JSON.stringify(message) }),
  );
}

describe("encodeRequest()", () => {
  it("writes JSON within JSON, with where to answer and who asks", () => {
    const bytes = encodeRequest({ method: "m", args: { a: 1 }, version: "2.1", replyTo });
    const outer = JSON.parse(bytes.toString()) as Record<string, string>;
    assert.equal(outer["oslo.version"], "2.0");
    const inner = JSON.parse(outer["oslo.message"] ?? "") as Record<string, unknown>;
    assert.deepEqual(inner["args"], { a: 1 });
    assert.equal(inner["_msg_id"], "m1");
    assert.equal(inner["_reply_q"], "reply_1");
    assert.equal(inner["_context_is_admin"], true);
    assert.match(String(inner["_unique_id"]), /^[0-9a-f]{32}$/);
  });

  it("is read back by decodeRequest(), calls and casts", () => {
    for (const reply of [replyTo, null]) {
      const bytes = encodeRequest({
        method: "m",
        args: { a: [1] },
        version: "2.1",
        replyTo: reply,
      });
      assert.deepEqual(decodeRequest(bytes), {
        method: "m",
        args: { a: [1] },
        version: "2.1",
        namespace: null,
        replyTo: reply,
        wantsEndApart: false,
      });
    }
  });
});

describe("decodeRequest()", () => {
  it("answers a call of Grizzly's into the queue of its message", () => {
    const bytes = envelope({ method: "m", args: {}, _msg_id: "m1" });
    const request = decodeRequest(bytes);
    assert.deepEqual(request.replyTo, { queue: "m1", messageId: "m1" });
    assert.equal(request.wantsEndApart, true);
  });

  it("takes version 1.0 for one that is not said, and messages older than envelopes", () => {
    const request = decodeRequest(Buffer.from('{"method": "m"}'));
    assert.equal(request.version, "1.0");
    assert.deepEqual(request.args, {});
    assert.equal(request.replyTo, null);
  });

  it("takes no version and no namespace of another type for an absent one", () => {
    for (const other of [2.1, 0, true, [], ["2.1"], {}]) {
      const { version, namespace } = decodeRequest(
        envelope({ method: "m", version: other, namespace: other }),
      );
      assert.match(version, /^\((number|boolean|object)\) /);
      assert.equal(namespace, version);
    }
    const { version, namespace } = decodeRequest(
      envelope({ method: "m", version: null, namespace: null }),
    );
    assert.equal(version, "(object) null");
    assert.equal(namespace, null);
    assert.equal(decodeRequest(envelope({ method: "m", namespace: "" })).namespace, "");
  });

  it("refuses what is no request", () => {
    for (const bytes of [
      Buffer.from("{"),
      Buffer.from("[]"),
      Buffer.from("null"),
      envelope([]),
      envelope({}),
      envelope({ method: 1 }),
      envelope({ method: "m" }, "3.0"),
      envelope({ method: "m" }, 2),
      Buffer.from('{"oslo.version": "2.0", "oslo.message": "{"}'),
      Buffer.alloc(16 * 1024 ** 2 + 1, " "),
    ]) {
      assert.throws(() => decodeRequest(bytes), InvalidMessageError);
    }
  });

  it("throws nothing but InvalidMessageError, whatever comes", () => {
    fc.assert(
      fc.property(fc.json(), fc.json(), (message, bare) => {
        for (const bytes of [envelope(JSON.parse(message)), Buffer.from(bare)]) {
          for (const decode of [decodeRequest, decodeReply]) {
            try {
              decode(bytes);
            } catch (error) {
              assert.ok(error instanceof InvalidMessageError);
            }
          }
        }
      }),
    );
  });
});

describe("decodeReply()", () => {
  it("reads results", () => {
    const reply = decodeReply(encodeReply("m1", { result: { token: null } }, false));
    assert.deepEqual(reply, {
      messageId: "m1",
      result: { token: null },
      failure: null,
      isLast: false,
    });
    assert.equal(decodeReply(encodeReply("m1", { result: undefined }, true)).result, null);
    const end = { messageId: "m1", result: null, failure: null, isLast: true };
    assert.deepEqual(decodeReply(encodeReplyEnd("m1")), end);
  });

  it("reads what nova raises, without its traceback", () => {
    const failure = JSON.stringify({
      class: "InstanceNotReady",
      module: "nova.exception",
      message: "Instance 1 is not ready",
      tb: ["Traceback (most recent call last):\n"],
      args: ["Instance 1 is not ready"],
      kwargs: { code: 400 },
    });
    const reply = decodeReply(envelope({ result: null, failure, ending: true, _msg_id: "m1" }));
    assert.ok(reply.failure instanceof RemoteError);
    assert.equal(reply.failure.remoteClass, "InstanceNotReady");
    assert.equal(reply.failure.remoteModule, "nova.exception");
    assert.equal(
      reply.failure.message,
      "the service answered with InstanceNotReady: Instance 1 is not ready",
    );
  });

  it("keeps a failure that it does not understand a failure", () => {
    for (const failure of [[], {}, 1, true, '"x"', "[]"]) {
      const reply = decodeReply(envelope({ result: true, failure, ending: true, _msg_id: "m" }));
      assert.ok(reply.failure instanceof RemoteError);
    }
  });

  it("cuts and cleans what a failure says, as it goes into a log", () => {
    const failure = JSON.stringify({ class: "E", message: `a\nb${"x".repeat(10_000)}` });
    const { failure: read } = decodeReply(envelope({ failure, ending: true, _msg_id: "m" }));
    assert.match(read?.remoteMessage ?? "", /^a b/);
    assert.equal(read?.remoteMessage.length, 500);
  });

  it("tells answers that are not the last, as of call monitoring", () => {
    assert.equal(decodeReply(envelope({ result: null, _msg_id: "m" })).isLast, false);
  });
});
