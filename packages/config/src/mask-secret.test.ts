import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { maskSecret } from "./mask-secret.ts";

describe("maskSecret()", () => {
  const cases = [
    { text: "", shown: "" },
    { text: "hunter2", shown: "***" },
    {
      text: "mysql+pymysql://nova:hunter2@db:3306/nova?charset=utf8",
      shown: "mysql+pymysql://nova:***@db:3306/nova?charset=utf8",
    },
    { text: "mysql://nova:hun/t?e#r@2@db/nova", shown: "mysql://nova:***@db/nova" },
    { text: "mysql://nova@db/nova", shown: "mysql://nova@db/nova" },
    {
      text: "postgresql://db/nova?user=n&password=hunter2",
      shown: "postgresql://db/nova?user=n&password=***",
    },
    { text: "mysql://db/x?ssl_key=hunter2&a=b", shown: "mysql://db/x?ssl_key=***&a=b" },
    { text: "sqlite:////var/lib/nova/x", shown: "sqlite:////var/lib/nova/x" },
    { text: "redis://:hunter2@h", shown: "redis://:***@h" },
    {
      text: "rabbit://nova:hunter2@r1:5672,n2:hun,t@er2@[fd00::2]:5672,nova:p@r3:5672/nova",
      shown: "rabbit://nova:***@r1:5672,n2:***@[fd00::2]:5672,nova:***@r3:5672/nova",
    },
    { text: "rabbit://nova@r1,nova:p@r2/", shown: "rabbit://nova@r1,nova:***@r2/" },
    { text: "mysql://n:hun\nter2@h", shown: "mysql://n:***@h" },
  ];
  for (const { text, shown } of cases) {
    it(`shows ${JSON.stringify(text)} as ${JSON.stringify(shown)}`, () => {
      assert.equal(maskSecret(text), shown);
    });
  }
});
