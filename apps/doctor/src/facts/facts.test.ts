import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { DoctorInputError } from "../errors.ts";
import { checkSubnet } from "../migration/subnet.ts";
import { parseJson } from "../parse-json.ts";
import type { HostFacts } from "./facts.ts";
import { readTextFile } from "../read-text-file.ts";
import { runCommand } from "../run-command.ts";
import { parseCapabilities } from "./libvirt-capabilities.ts";
import { parseFriendlyNames, parseMultipathList } from "./multipath.ts";
import { parseFacts } from "./read-facts.ts";

describe("parseMultipathList()", () => {
  it("reads friendly names with their WWIDs, and WWIDs alone", () => {
    const text = `mpatha (36001405aaaa) dm-0 LIO-ORG,disk0
size=10G features='0' hwhandler='1 alua' wp=rw
\`-+- policy='service-time 0' prio=50 status=active
  \`- 2:0:0:0 sda 8:0 active ready running
36001405bbbb dm-1 LIO-ORG,disk1
size=10G features='0'
`;
    assert.deepEqual(parseMultipathList(text), [
      { name: "mpatha", wwid: "36001405aaaa" },
      { name: "36001405bbbb", wwid: "36001405bbbb" },
    ]);
  });
});

describe("parseFriendlyNames()", () => {
  const cases: [text: string, value: boolean | null][] = [
    ["defaults {\n\tuser_friendly_names yes\n}\n", true],
    ['defaults {\n\tuser_friendly_names "no"\n}\n', false],
    ["defaults { user_friendly_names yes }", true],
    ["# user_friendly_names yes\ndefaults {\n}\n", null],
    ["devices {\n device {\n user_friendly_names yes\n }\n}\n", true],
    ["devices {\n device {\n user_friendly_names no\n }\n}\n", false],
    [
      'defaults {\n\tuser_friendly_names "no"\n}\noverrides {\n\tuser_friendly_names yes\n}\n',
      true,
    ],
    ["overrides {\n user_friendly_names no\n}\ndefaults {\n user_friendly_names yes\n}\n", false],
    [
      "defaults {\n user_friendly_names no\n}\ndevices {\n device {\n vendor A\n user_friendly_names yes\n }\n device {\n vendor B\n user_friendly_names no\n }\n}\n",
      true,
    ],
    ["", null],
  ];
  for (const [text, value] of cases) {
    it(`finds ${String(value)} in ${JSON.stringify(text)}`, () => {
      assert.equal(parseFriendlyNames(text), value);
    });
  }
});

describe("parseCapabilities()", () => {
  it("has a reason for whatever is no capabilities", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), async (text) => {
        assert.ok("missing" in (await parseCapabilities(text)));
      }),
    );
  });
});

describe("parseFacts()", () => {
  it("refuses any document that is none, naming file and place", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        assert.throws(
          () => parseFacts(text, "a.json"),
          (error) => error instanceof DoctorInputError && error.message.startsWith("a.json: "),
        );
      }),
    );
  });
});

describe("parseJson()", () => {
  it("refuses what is nested so deep that walking it would overflow the stack", () => {
    const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
    assert.throws(() => parseFacts(deep, "a.json"), {
      code: "DOCTOR_ERR_INPUT",
      message: "a.json: is nested more than 100 levels deep",
    });
  });

  it("counts no bracket within a text", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("[", "{", '"', "\\"), maxLength: 400 }),
        (text) => {
          assert.equal(parseJson(JSON.stringify(text), "a.json", "x"), text);
        },
      ),
    );
  });
});

describe("checkSubnet()", () => {
  it("compares addresses that have their interface behind them", () => {
    const host = (address: string): HostFacts =>
      ({ addresses: [{ interface: "eth0", address, prefix: 64 }] }) as unknown as HostFacts;
    const [result] = checkSubnet({
      source: host("2001:db8::1%eth0"),
      destination: host("2001:db8::2"),
    });
    assert.equal(result?.kind, "fine");
  });
});

describe("readTextFile()", () => {
  it("reads no more than 16 MiB, of a file without an end as well", async () => {
    await assert.rejects(readTextFile("/dev/zero"), {
      code: "DOCTOR_ERR_INPUT",
      message: "/dev/zero: longer than 16 MiB",
    });
  });
});

describe("runCommand()", () => {
  it("answers for a command that is not there, one that fails, and one that says too much", async () => {
    const none = await runCommand("no-such-command-here", [], process.env);
    assert.deepEqual(none, { kind: "failed", why: "no-such-command-here is not installed" });
    const failed = await runCommand("sh", ["-c", "echo oh >&2; exit 3"], process.env);
    assert.deepEqual(failed, { kind: "ran", status: 3, stdout: "", stderr: "oh\n" });
    const much = await runCommand("sh", ["-c", "yes"], process.env);
    assert.deepEqual(much, { kind: "failed", why: "sh printed more than 16 MiB" });
  });
});
