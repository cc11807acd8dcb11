import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type AttemptEnd, classifyEnd, describeEnd, type EndKind } from "./attempt-end.ts";

const brokenConnection: AttemptEnd = {
  wasRequested: false,
  connectedForMs: null,
  securityFailure: null,
  localFailure: null,
  closeCode: 1006,
  closeReason: "",
};

const cases: {
  name: string;
  end: Partial<AttemptEnd>;
  kind: EndKind;
  title: string;
  detail: RegExp;
  advice: RegExp;
}[] = [
  {
    name: "the person's own wish",
    end: { wasRequested: true, closeCode: 1005 },
    kind: "requested",
    title: "Disconnected",
    detail: /^You closed this console\.$/,
    advice: /^$/,
  },
  {
    name: "an expired token, told by RFB",
    end: { securityFailure: "token is unknown or expired", closeCode: 1008 },
    kind: "refused",
    title: "Console refused",
    detail: /^Token is unknown or expired\.$/,
    advice: /^Open the console again from the dashboard\.$/,
  },
  {
    name: "advice that the server gave already",
    end: { securityFailure: "expired: open the console again from the dashboard", closeCode: 1006 },
    kind: "refused",
    title: "Console refused",
    detail: /dashboard\.$/,
    advice: /^$/,
  },
  {
    name: "a refusal told by the WebSocket only",
    end: { closeCode: 1008, closeReason: "this token is not for a VNC console" },
    kind: "refused",
    title: "Console refused",
    detail: /^This token is not for a VNC console\.$/,
    advice: /dashboard/,
  },
  {
    name: "a backend that asks for a password",
    end: {
      securityFailure:
        "wants a password that this proxy does not have: its operator must change it",
      closeCode: 1008,
    },
    kind: "refused",
    title: "Console refused",
    detail: /password/,
    advice: /^$/,
  },
  {
    name: "a security failure without a reason",
    end: { securityFailure: "", closeCode: 1005 },
    kind: "refused",
    title: "Console refused",
    detail: /gave no reason/,
    advice: /dashboard/,
  },
  {
    name: "a backend that cannot be reached",
    end: { securityFailure: "the instance's screen cannot be reached", closeCode: 1011 },
    kind: "failed",
    title: "No connection",
    detail: /^The instance's screen cannot be reached\.$/,
    advice: /moment/,
  },
  {
    name: "a server problem without words",
    end: { connectedForMs: 5, closeCode: 1011 },
    kind: "failed",
    title: "Connection lost",
    detail: /\(1011\)/,
    advice: /moment/,
  },
  {
    name: "a bare 1006 before the screen",
    end: {},
    kind: "failed",
    title: "No connection",
    detail: /cannot be reached, or this link is no longer valid/,
    advice: /dashboard/,
  },
  {
    name: "a bare 1006 after the screen",
    end: { connectedForMs: 60_000 },
    kind: "failed",
    title: "Connection lost",
    detail: /without saying why/,
    advice: /^$/,
  },
  {
    name: "a backend that hung up",
    end: { connectedForMs: 60_000, closeCode: 1000, closeReason: "Target closed" },
    kind: "finished",
    title: "Console closed",
    detail: /^The instance closed the connection/,
    advice: /^$/,
  },
  {
    name: "a close without a code",
    end: { connectedForMs: 60_000, closeCode: 1005 },
    kind: "finished",
    title: "Console closed",
    detail: /closed by the server/,
    advice: /^$/,
  },
  {
    name: "a time limit of the page's own",
    end: { localFailure: { words: "It took too long.", isFinal: false } },
    kind: "failed",
    title: "No connection",
    detail: /^It took too long\.$/,
    advice: /^$/,
  },
  {
    name: "an address that the page does not go to",
    end: { localFailure: { words: "Not there.", isFinal: true } },
    kind: "refused",
    title: "No connection",
    detail: /^Not there\.$/,
    advice: /^$/,
  },
];

describe("classifyEnd()", () => {
  for (const { name, end, kind } of cases) {
    it(`takes ${name} for ${kind}`, () => {
      assert.equal(classifyEnd({ ...brokenConnection, ...end }), kind);
    });
  }
});

describe("describeEnd()", () => {
  for (const { name, end, title, detail, advice } of cases) {
    it(`tells ${name} in words`, () => {
      const words = describeEnd({ ...brokenConnection, ...end });
      assert.equal(words.title, title);
      assert.match(words.detail, detail);
      assert.match(words.advice, advice);
    });
  }

  it("says something, bounded and on one line, whatever the peer sent", () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ maxLength: 2000 }), fc.nat(5000), (a, b, closeCode) => {
        const end = { ...brokenConnection, securityFailure: a, closeReason: b, closeCode };
        const { title, detail } = describeEnd(end);
        assert.ok(title.length > 0);
        assert.ok(detail.length > 0 && detail.length <= 301);
        assert.doesNotMatch(detail, /[\n\r\0]/);
      }),
    );
  });
});
