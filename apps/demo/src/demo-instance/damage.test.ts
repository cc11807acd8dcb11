import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Damage, findChanges, SQUARE } from "./damage.ts";
import { Framebuffer } from "./framebuffer.ts";
import { intersect } from "./rectangle.ts";

const WIDTH = 100;
const HEIGHT = 70;
const everything = { x: 0, y: 0, width: WIDTH, height: HEIGHT };
const anyArea = fc.record({
  x: fc.nat(70_000),
  y: fc.nat(70_000),
  width: fc.nat(70_000),
  height: fc.nat(70_000),
});
const smallArea = fc.record({
  x: fc.nat(120),
  y: fc.nat(90),
  width: fc.nat(60),
  height: fc.nat(60),
});

describe("Damage", () => {
  it("gives nothing while nothing changed", () => {
    assert.deepEqual(new Damage(WIDTH, HEIGHT).take(everything), []);
  });

  it("joins squares of one row, and cuts the last to the picture", () => {
    const damage = new Damage(WIDTH, HEIGHT);
    damage.add({ x: 40, y: 66, width: 60, height: 4 });
    assert.deepEqual(damage.take(everything), [
      { x: SQUARE, y: 2 * SQUARE, width: WIDTH - SQUARE, height: HEIGHT - 2 * SQUARE },
    ]);
  });

  it("does not join squares with a gap between", () => {
    const damage = new Damage(WIDTH, HEIGHT);
    damage.add({ x: 0, y: 0, width: 1, height: 1 });
    damage.add({ x: 70, y: 0, width: 1, height: 1 });
    assert.equal(damage.take(everything).length, 2);
  });

  it("keeps what was not asked for", () => {
    const damage = new Damage(WIDTH, HEIGHT);
    damage.add(everything);
    assert.equal(damage.take({ x: 0, y: 0, width: 1, height: 1 }).length, 1);
    assert.equal(damage.take({ x: 0, y: 0, width: 1, height: 1 }).length, 0);
    assert.equal(damage.take(everything).length, 3);
  });

  it("gives everything that was added and asked for, once, and inside the picture", () => {
    fc.assert(
      fc.property(fc.array(smallArea), fc.oneof(smallArea, anyArea), (added, asked) => {
        const damage = new Damage(WIDTH, HEIGHT);
        for (const area of added) damage.add(area);
        const taken = damage.take(asked);
        for (const area of added) {
          const due = intersect(intersect(area, asked) ?? nowhere, everything);
          if (due === null) continue;
          const covered = taken
            .map((one) => intersect(one, due))
            .reduce((sum, one) => sum + (one === null ? 0 : one.width * one.height), 0);
          assert.equal(covered, due.width * due.height);
        }
        for (const area of taken) assert.deepEqual(intersect(area, everything), area);
        assert.deepEqual(damage.take(asked), []);
      }),
    );
  });
});

const nowhere = { x: 0, y: 0, width: 0, height: 0 };

describe("findChanges()", () => {
  it("finds the squares in which a picture changed, and no others", () => {
    const before = new Framebuffer(WIDTH, HEIGHT);
    const after = new Framebuffer(WIDTH, HEIGHT);
    assert.deepEqual(findChanges(before, after), []);
    after.fill({ x: 99, y: 69, width: 1, height: 1 }, 1);
    assert.deepEqual(findChanges(before, after), [{ x: 96, y: 64, width: 4, height: 6 }]);
  });
});
