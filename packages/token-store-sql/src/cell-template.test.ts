import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { expandCellTemplate } from "./cell-template.ts";

const OWN = "mysql+pymysql://nova:p%40ss@db1:3307/nova_cell0?charset=utf8&ssl_ca=/ca#x";

describe("expandCellTemplate()", () => {
  for (const [template, own, expanded] of [
    [
      "{scheme}://{username}:{password}@{hostname}:{port}/nova?{query}",
      OWN,
      "mysql+pymysql://nova:p%40ss@db1:3307/nova?charset=utf8&ssl_ca=/ca",
    ],
    [
      "{scheme}://{username}:{password}@other/{path}",
      OWN,
      "mysql+pymysql://nova:p%40ss@other/nova_cell0",
    ],
    ["mysql://u:p@h/{path}#{fragment}", OWN, "mysql://u:p@h/nova_cell0#x"],
    ["mysql://u:p@{hostname}:{port}/n", "mysql://u:p@db/n", "mysql://u:p@db:/n"],
    ["mysql://u:p@{hostname}/n", "mysql://u:p@[::1]:1/n", "mysql://u:p@[::1]/n"],
    ["mysql://u:p@{hostname2}:{port2}/n", "mysql://u:p@a:1,b:2/n", "mysql://u:p@b:2/n"],
    ["mysql://u:p@h/{{n}}{unknown}", OWN, "mysql://u:p@h/{n}{unknown}"],
    ["mysql://u:p@h/{path}", null, "mysql://u:p@h/{path}"],
  ] as const) {
    it(`makes ${expanded} of ${template}`, () => {
      assert.equal(expandCellTemplate(template, own), expanded);
    });
  }
});
