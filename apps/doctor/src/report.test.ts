import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { finding, fine, notChecked } from "./finding.ts";
import { withoutPassword } from "./without-secrets.ts";
import { formatReport, statusOf, type Report } from "./report.ts";

const report: Report = {
  command: "check",
  subject: "proxy1\u001b]0;x\u0007",
  checks: [
    { check: "workers", results: [finding("workers-too-many", "8 on 2", ["remove the line"])] },
    {
      check: "ports",
      results: [
        fine("6080 is free"),
        finding("port-held-by-other", "port 6080 is held by nginx\u001b[31m", [
          "systemctl stop nginx",
        ]),
      ],
    },
    {
      check: "token store",
      results: [notChecked("mysql://nova:s3/cr@et@db/nova is away; ?token=0d1c-2f")],
    },
  ],
};

describe("formatReport()", () => {
  it("has what is fine first, then faults, then advice, and the sum at the end", () => {
    const text = formatReport(report, { json: false, colours: false, columns: 80 });
    const places = [
      "ok  ports",
      "?   token store",
      "FAULT  port-held",
      "ADVICE  workers",
      "proxy1?]0;x?: 1 fault, 1 to think about, 1 not checked\n",
    ].map((part) => text.indexOf(part));
    assert.ok(
      places.every((place, index) => place >= 0 && place > (places[index - 1] ?? -1)),
      text,
    );
  });

  it("shows no password, no token and nothing that a terminal obeys", () => {
    for (const json of [true, false]) {
      const text = formatReport(report, { json, colours: false, columns: 80 });
      assert.doesNotMatch(text, /s3|cr@et|0d1c|\p{Cc}(?<!\n)/u);
      assert.match(text, /mysql:\/\/nova:\*\*\*@db\/nova/);
    }
  });

  it("has colours if it is asked to", () => {
    assert.ok(
      formatReport(report, { json: false, colours: true, columns: 80 }).includes(
        "\u001b[1;31mFAULT",
      ),
    );
  });
});

describe("withoutPassword()", () => {
  for (const password of ["plain", "with space", "p@ss/w:rd", "%52IT'\"", "a#b?c"]) {
    it(`masks ${JSON.stringify(password)}`, () => {
      assert.equal(
        withoutPassword(`mysql+pymysql://nova:${password}@db:3306/nova`),
        "mysql+pymysql://nova:***@db:3306/nova",
      );
    });
  }
});

describe("statusOf()", () => {
  it("is 1 for a fault, 3 where something was not judged, and 0 for advice alone", () => {
    assert.equal(statusOf(report), 1);
    const unjudged = { ...report, checks: report.checks.slice(2) };
    assert.equal(statusOf({ ...unjudged, command: "firewall" }), 3);
    assert.equal(statusOf({ ...unjudged, command: "migration" }), 3);
    assert.equal(statusOf(unjudged), 0);
    assert.equal(statusOf({ ...report, checks: report.checks.slice(0, 1) }), 0);
  });

  it("goes with a summary that claims no more", () => {
    const form = { json: false, colours: false, columns: 80 };
    const unjudged = formatReport({ ...report, checks: report.checks.slice(2) }, form);
    assert.match(unjudged, /: no faults found, 1 not checked\n$/);
    const [workers] = report.checks;
    const checks = [{ check: workers?.check ?? "", results: [fine("2 on 2")] }];
    assert.match(formatReport({ ...report, checks }, form), /: no faults\n$/);
  });
});
