import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { NameLookupTimeoutError } from "./errors.ts";
import { NameService, nextTick } from "./testing/name-service.ts";

const MINUTE_MS = 60_000;
const OLD = "192.0.2.1";
const NEW = "192.0.2.2";

describe("SharedLookups", () => {
  describe("ask()", () => {
    it("looks a name up once for all that wait for it", (t) => {
      const service = new NameService(t);
      const asked = Array.from({ length: 100 }, () => service.ask("db"));
      assert.deepEqual(service.started, ["db"]);
      service.answer("db", OLD);
      for (const got of asked) assert.deepEqual(got, [{ error: null, addresses: [OLD] }]);
    });

    it("takes names in either case for one, and a trailing dot or a family for another", (t) => {
      const service = new NameService(t);
      service.ask("Db.Example");
      service.ask("dB.eXAMPLE");
      service.ask("MÜNCHEN.example");
      service.ask("münchen.example");
      assert.deepEqual(service.started, ["Db.Example", "MÜNCHEN.example"]);
      service.ask("db.example.");
      service.ask("db.example", {}, { family: 6 });
      assert.equal(service.started.length, 4);
    });

    it("asks anew each time while the name service answers", (t) => {
      const service = new NameService(t);
      service.ask("db");
      service.answer("db", OLD);
      const got = service.ask("db");
      assert.deepEqual(got, []);
      service.answer("db", NEW);
      assert.deepEqual(got, [{ error: null, addresses: [NEW] }]);
      assert.equal(service.started.length, 2);
    });

    it("ends each wait after its own limit, and says what was waited for", (t) => {
      const service = new NameService(t);
      const [patient, hasty] = [service.ask("db"), service.ask("db", { timeoutMs: 640 })];
      service.pass(640);
      assert.match(String(hasty[0]?.error), /name look-up of db: no answer within 0\.64 s$/);
      assert.equal(patient.length, 0);
      service.pass(3_360);
      const error = patient[0]?.error;
      assert.ok(error instanceof NameLookupTimeoutError);
      assert.equal(error.message, "name look-up of db: no answer within 4 s");
      assert.equal(error.code, "NAME_ERR_TIMEOUT");
      assert.equal(hasty.length, 1);
    });

    it("keeps an answer that comes when nothing waits for it any more", async (t) => {
      const service = new NameService(t);
      service.ask("db");
      service.pass(5_000);
      service.answer("db", OLD);
      const got = service.ask("db");
      await nextTick();
      assert.deepEqual(got, [{ error: null, addresses: [OLD] }]);
      assert.deepEqual(service.running, ["db"]);
    });

    it("ends a wait with the signal's reason, and the others go on", async (t) => {
      const service = new NameService(t);
      const ending = new AbortController();
      const [left, stays] = [service.ask("db", { signal: ending.signal }), service.ask("db")];
      const reason = new Error("viewer left");
      ending.abort(reason);
      assert.deepEqual(left, [{ error: reason, addresses: [] }]);
      const late = service.ask("db", { signal: ending.signal });
      await nextTick();
      assert.deepEqual(late, [{ error: reason, addresses: [] }]);
      service.answer("db", OLD);
      assert.equal(stays[0]?.addresses[0], OLD);
      assert.deepEqual([left.length, late.length], [1, 1]);
    });

    it("says that a name has no address, whichever way the name service says it", (t) => {
      const service = new NameService(t);
      const [empty, unknown] = [service.ask("empty"), service.ask("unknown")];
      service.answer("empty");
      service.fail("unknown", "ENOTFOUND");
      assert.match(String(empty[0]?.error), /name look-up of empty: it has no address/);
      assert.match(
        String(unknown[0]?.error),
        /name look-up of unknown: getaddrinfo ENOTFOUND unknown/,
      );
    });
  });

  describe("the last answer", () => {
    function known(t: TestContext): NameService {
      const service = new NameService(t);
      service.ask("db");
      service.answer("db", OLD);
      return service;
    }

    it("is given after half a second while a new look-up hangs, then at once", async (t) => {
      const service = known(t);
      const got = service.ask("db");
      service.pass(499);
      assert.deepEqual(got, []);
      service.pass(1);
      assert.deepEqual(got, [{ error: null, addresses: [OLD] }]);
      const next = service.ask("db");
      await nextTick();
      assert.deepEqual(next, [{ error: null, addresses: [OLD] }]);
      assert.equal(service.started.length, 2);
    });

    it("is given within the limit of a wait that is shorter", (t) => {
      const service = known(t);
      const got = service.ask("db", { timeoutMs: 100 });
      service.pass(100);
      assert.deepEqual(got, [{ error: null, addresses: [OLD] }]);
    });

    it("is given when the name service fails", (t) => {
      const service = known(t);
      const got = service.ask("db");
      service.fail("db", "EAI_AGAIN");
      assert.deepEqual(got, [{ error: null, addresses: [OLD] }]);
    });

    it("is replaced by a new one, also where nothing waited for that", async (t) => {
      const service = known(t);
      service.ask("db");
      service.pass(5_000);
      service.answer("db", NEW);
      const got = service.ask("db");
      await nextTick();
      assert.deepEqual(got, [{ error: null, addresses: [NEW] }]);
    });

    for (const code of ["ENOTFOUND", "ENODATA"]) {
      it(`is forgotten when the name has no address any more (${code})`, (t) => {
        const service = known(t);
        const got = service.ask("db");
        service.fail("db", code);
        assert.match(String(got[0]?.error), new RegExp(code));
        const next = service.ask("db");
        service.fail("db", "EAI_AGAIN");
        assert.match(String(next[0]?.error), /EAI_AGAIN/);
      });
    }

    it("is given for an hour, however often it was asked for", (t) => {
      const service = known(t);
      for (let minutes = 10; minutes <= 60; minutes += 10) {
        service.pass(10 * MINUTE_MS);
        const got = service.ask("db");
        service.fail("db", "EAI_AGAIN");
        assert.deepEqual(got[0]?.addresses, [OLD]);
      }
      service.pass(1);
      const got = service.ask("db");
      service.fail("db", "EAI_AGAIN");
      assert.match(String(got[0]?.error), /EAI_AGAIN/);
    });
  });

  describe("the bound on look-ups", () => {
    const names = (count: number, prefix: string): string[] =>
      Array.from({ length: count }, (_, index) => `${prefix}${index}`);

    it("leaves threads to names that have answered while new ones hang", (t) => {
      const service = new NameService(t);
      service.ask("good");
      service.answer("good", OLD);
      for (const name of names(50, "dead")) service.ask(name);
      assert.equal(service.running.length, 14);
      const got = service.ask("good");
      service.answer("good", NEW);
      assert.deepEqual(got[0]?.addresses, [NEW]);
    });

    it("leaves threads to new names while those hang that have answered", (t) => {
      const service = new NameService(t);
      const cells = names(20, "cell");
      for (const name of cells) {
        service.ask(name);
        service.answer(name, OLD);
      }
      for (const name of cells) service.ask(name);
      assert.equal(service.running.length, 8);
      service.ask("new");
      assert.ok(service.running.includes("new"));
    });

    it("lets names that hung lately give way to all others", (t) => {
      const service = new NameService(t);
      const dead = names(12, "dead");
      for (const name of dead) service.ask(name);
      service.pass(10_000);
      for (const name of dead) service.fail(name, "EAI_AGAIN");
      for (const name of dead) service.ask(name);
      assert.deepEqual(service.running, dead.slice(0, 4));
      const others = names(12, "new");
      for (const name of others) service.ask(name);
      assert.deepEqual(service.running, [...dead.slice(0, 4), ...others]);
    });

    it("takes a name for good again once it answers in time", (t) => {
      const service = new NameService(t);
      const dead = names(5, "dead");
      for (const name of dead) service.ask(name);
      service.pass(10_000);
      for (const name of dead) service.fail(name, "EAI_AGAIN");
      service.ask("dead0");
      service.answer("dead0", OLD);
      for (const name of dead.slice(1)) service.ask(name);
      service.ask("dead0");
      assert.equal(service.running.length, 5);
    });

    it("does not begin a look-up that nothing waits for any more", (t) => {
      const service = new NameService(t);
      for (const name of names(15, "dead")) service.ask(name);
      service.pass(4_000);
      service.fail("dead0", "EAI_AGAIN");
      assert.ok(!service.started.includes("dead14"));
      assert.equal(service.running.length, 13);
    });

    it("holds no more than some thousand names, whatever they do", async (t) => {
      const service = new NameService(t);
      const many = names(10_000, "host");
      const asked = many.map((name) => service.ask(name));
      await nextTick();
      const refused = asked.flat();
      assert.match(String(refused[0]?.error), /host4110: too many names are looked up/);
      assert.equal(refused.length, 10_000 - 4_096 - 14);
      service.pass(4_000);
      assert.equal(asked.flat().length, 10_000);
      assert.equal(service.lookups.size, 14);
      for (const name of service.running) service.answer(name, OLD);
      for (const name of many) {
        service.ask(name);
        service.answer(name, OLD);
      }
      assert.equal(service.lookups.size, 4_096);
    });
  });
});
