import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mayAccess, parseUser } from "./service-user.ts";

const PASSWD = "root:x:0:0:root:/root:/bin/sh\nnova:x:162:162:nova:/var/lib/nova:/sbin/nologin\n";
const GROUP = "root:x:0:\nnova:x:162:\nlibvirt:x:990:nova,other\n";

describe("parseUser()", () => {
  it("finds the user with all of its groups", () => {
    assert.deepEqual(parseUser("nova", PASSWD, GROUP), {
      ...{ name: "nova", uid: 162, home: "/var/lib/nova" },
      gids: [162, 990],
    });
    assert.equal(parseUser("none", PASSWD, GROUP), null);
  });
});

describe("mayAccess()", () => {
  const nova = parseUser("nova", PASSWD, GROUP);
  const cases: [
    what: string,
    file: [uid: number, gid: number, mode: number],
    need: "r" | "w" | "x",
    may: boolean,
  ][] = [
    ["root:nova 0640", [0, 162, 0o640], "r", true],
    ["root:nova 0640", [0, 162, 0o640], "w", false],
    ["root:root 0640", [0, 0, 0o640], "r", false],
    ["root:root 0644", [0, 0, 0o644], "r", true],
    ["nova:root 0077, whose owner counts as owner", [162, 0, 0o077], "r", false],
    ["root:libvirt 0750", [0, 990, 0o750], "x", true],
  ];
  for (const [what, [uid, gid, mode], need, may] of cases) {
    it(`says ${may ? "yes" : "no"} to ${need} of ${what}`, () => {
      assert.ok(nova !== null);
      assert.equal(mayAccess({ uid, gid, mode }, nova, need), may);
    });
  }
});
