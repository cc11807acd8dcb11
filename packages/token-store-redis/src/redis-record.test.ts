import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TokenStoreError } from "@nova-console/token";
import fc from "fast-check";
import { decodeRecord, RECORD_FIELDS } from "./redis-record.ts";

const DIGEST = "0123456789abcdef".repeat(4);
const PLACE = "redis://h1:6379/0";
const RECORD = [
  "novnc",
  "compute1",
  "5900",
  null,
  "11111111-2222-3333-4444-555555555555",
  "99",
  null,
];

describe("decodeRecord()", () => {
  it("reads a record", () => {
    assert.deepEqual(decodeRecord(RECORD, DIGEST, PLACE), {
      tokenDigest: DIGEST,
      consoleType: "novnc",
      host: "compute1",
      port: 5900,
      internalAccessPath: null,
      instanceUuid: "11111111-2222-3333-4444-555555555555",
      expires: 99,
      accessUrlBase: null,
    });
  });

  it("tells that there is none", () => {
    assert.equal(decodeRecord(Array(RECORD_FIELDS.length).fill(null), DIGEST, PLACE), null);
  });

  const damages: [string, number, unknown][] = [
    ["console_type", 0, null],
    ["host", 1, ""],
    ["host or port", 1, "a b\r\nc"],
    ["port", 2, "-1"],
    ["port", 2, "5900 "],
    ["host or port", 2, "65536"],
    ["internal_access_path", 3, 7],
    ["instance_uuid", 4, null],
    ["expires", 5, "soon"],
    ["expires", 5, "1e400"],
    ["access_url_base", 6, []],
  ];
  for (const [field, index, value] of damages) {
    it(`refuses ${field} ${JSON.stringify(value)}, and names the token by its first digits only`, () => {
      assert.throws(() => decodeRecord(RECORD.with(index, value as string), DIGEST, PLACE), {
        code: "TOKEN_ERR_STORE_UNAVAILABLE",
        message: `token store ${PLACE}: ${field} of the record of token 01234567 is damaged; remove its key`,
      });
    });
  }

  it("gives a value, none or a store error for any answer", () => {
    const field = fc.oneof(fc.string(), fc.constant(null), fc.integer());
    const reply = fc.oneof(
      fc.anything(),
      fc.array(field, { minLength: RECORD_FIELDS.length, maxLength: RECORD_FIELDS.length }),
    );
    fc.assert(
      fc.property(reply, (answer) => {
        try {
          decodeRecord(answer, DIGEST, PLACE);
        } catch (error) {
          assert.ok(error instanceof TokenStoreError);
        }
      }),
    );
  });
});
