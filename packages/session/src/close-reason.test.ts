import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { PeerIncompatibleError, PeerRejectedError } from "@nova-console/rfb";
import { closeReasonOf } from "./close-reason-of.ts";
import { closeReasons } from "./close-reason.ts";

/** Row by row, the cells of the tables in docs/errors.md. */
const rows = readFileSync(join(import.meta.dirname, "../../../docs/errors.md"), "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => line.split("|").map((cell) => cell.trim()));

describe("closeReasons", () => {
  it("is what docs/errors.md tells operators, reason by reason", () => {
    const told = rows.flatMap(([, name = "", words = "", webSocketCode, httpStatus]) =>
      /^`[a-z-]+`$/.test(name)
        ? [{ name: name.slice(1, -1), words, codes: [webSocketCode, httpStatus] }]
        : [],
    );
    const known = Object.entries(closeReasons).map(([name, reason]) => ({
      name,
      words: reason.words,
      codes: [String(reason.webSocketCode), String(reason.httpStatus)],
    }));
    assert.deepEqual(told, known, "write what is new into docs/errors.md, in the code's order");
  });

  it("comes with advice for each reason", () => {
    for (const [, name = "", , , , advice = ""] of rows) {
      if (/^`[a-z-]+`$/.test(name)) assert.match(advice, /\S/, name);
    }
  });

  it("has words that fit a close frame, and end as a sentence does not", () => {
    // RFC 6455 §5.5: 125 bytes, 2 of them for the code.
    for (const { words } of Object.values(closeReasons)) {
      assert.ok(Buffer.byteLength(words) <= 123, words);
      assert.doesNotMatch(words, /\.$/);
    }
  });
});

describe("closeReasonOf()", () => {
  const peers = [
    {
      name: "a server that wants a password",
      error: new PeerIncompatibleError(
        "server",
        "Security",
        "offers VncAuth (2); accepted here: None",
      ),
      webSocketCode: 1008,
    },
    {
      name: "a server that refuses our password",
      error: new PeerRejectedError("server", "SecurityResult", "Authentication failed"),
      webSocketCode: 1008,
    },
    {
      name: "a server that takes nobody at the moment",
      error: new PeerRejectedError("server", "Security", "Too many security failures"),
      webSocketCode: 1011,
    },
  ];
  for (const { name, error, webSocketCode } of peers) {
    it(`says of ${name} whether another try may help`, () => {
      assert.equal(closeReasons[closeReasonOf(error, "backend")].webSocketCode, webSocketCode);
    });
  }
});
