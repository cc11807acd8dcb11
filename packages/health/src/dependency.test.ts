import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Dependency, mergeReadiness, readinessOf } from "./dependency.ts";

const store: Dependency = { kind: "store", name: "api", problem: null, neededBy: "none" };

function cell(name: string, problem: string | null = null): Dependency {
  return { kind: "cell", name, problem, neededBy: { cell: name } };
}

function broker(name: string, problem: string | null = null): Dependency {
  return { ...cell(name, problem), kind: "broker" };
}

describe("readinessOf()", () => {
  it("is ready with nothing to depend on, and with all that is needed by all", () => {
    assert.deepEqual(readinessOf([]), { isReady: true, missing: [] });
    assert.equal(readinessOf([{ ...store, neededBy: "all" }]).isReady, true);
    const down: Dependency = { ...store, problem: "gone", neededBy: "all" };
    assert.deepEqual(readinessOf([down, cell("a")]), {
      isReady: false,
      missing: ["store api: gone"],
    });
  });

  it("is ready while one cell has all that it needs", () => {
    assert.equal(readinessOf([cell("a", "down"), cell("b")]).isReady, true);
    assert.equal(readinessOf([cell("a", "down"), cell("b", "down")]).isReady, false);
    const halves = [cell("a", "down"), broker("a"), cell("b"), broker("b", "down")];
    assert.equal(readinessOf(halves).isReady, false);
    assert.equal(readinessOf([...halves, cell("c"), broker("c")]).isReady, true);
  });

  it("names what no console needs, and does not count it", () => {
    const { isReady, missing } = readinessOf([{ ...store, problem: "two\nlines " }, cell("a")]);
    assert.deepEqual([isReady, missing], [true, ["store api: two lines"]]);
  });
});

describe("mergeReadiness()", () => {
  it("is ready if one worker is, and says in how many it is otherwise", () => {
    const good = [cell("a", "down"), cell("b")];
    const bad = [cell("a", "down"), cell("b", "down")];
    assert.deepEqual(mergeReadiness([good, bad]), {
      isReady: true,
      missing: ["cell a: down", "cell b: down (in 1 of 2 workers)"],
    });
    assert.equal(mergeReadiness([bad, bad]).isReady, false);
    assert.equal(mergeReadiness([]).isReady, false);
  });

  it("takes one worker's word for what another has not used", () => {
    const silent: Dependency = { ...cell("a", "silent"), kind: "compute" };
    const unknown = { ...silent, problem: null, neededBy: "none", isUnknown: true } as const;
    const works = { ...silent, problem: null, neededBy: "none" } as const;
    assert.deepEqual(mergeReadiness([[unknown], [silent]]), {
      isReady: false,
      missing: ["compute a: silent"],
    });
    assert.equal(mergeReadiness([[unknown], [silent], [works]]).isReady, true);
    assert.equal(mergeReadiness([[unknown], [unknown]]).isReady, true);
  });
});
