import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { Token } from "@nova-console/token";
import type { NovaApiTokenStore } from "./nova-api-token-store.ts";
import {
  type Answer,
  consoleDocument,
  FakeCloud,
  GOOD_TOKEN,
  hypervisorsDocument,
  INSTANCE,
  serverDocument,
} from "./testing/fake-cloud.ts";

describe("InstancePlace", { timeout: 60_000 }, () => {
  const good = new Token(GOOD_TOKEN);
  let cloud: FakeCloud;
  let store: NovaApiTokenStore;
  beforeEach(async () => {
    cloud = await FakeCloud.start();
    store = cloud.open({ checksPlace: true });
  });
  afterEach(async () => {
    await store.close();
    await cloud[Symbol.asyncDispose]();
  });

  const asked = (part: string): number =>
    cloud.seen.filter(({ path }) => path.includes(part)).length;

  it("lets a console pass whose instance is on the host that its address is of", async () => {
    await store.validate(good);
    await store.validate(good);
    assert.equal(asked(`/internal/v2.1/servers/${INSTANCE}`), 2);
    assert.equal(asked("/internal/v2.1/os-hypervisors/detail"), 1);
    assert.deepEqual(cloud.warnings, []);
  });

  it("refuses a console whose instance is on another host now, and says where", async () => {
    cloud.server = () => serverDocument("compute2");
    await assert.rejects(store.validate(good), {
      code: "TOKEN_ERR_INVALID",
      message: "its instance is on compute2 now, and the token leads to compute1",
    });
  });

  it("refuses it also after it has let it pass", async () => {
    await store.validate(good);
    cloud.server = () => serverDocument("compute2");
    await assert.rejects(store.validate(good), { code: "TOKEN_ERR_INVALID" });
    cloud.console = () => consoleDocument({ host: "192.0.2.8" });
    await store.validate(good);
  });

  it("refuses a console whose instance is on no host", async () => {
    cloud.server = () => serverDocument(null);
    await assert.rejects(store.validate(good), {
      code: "TOKEN_ERR_INVALID",
      message: /no compute/,
    });
  });

  it("compares names as well: server_proxyclient_address may be one", async () => {
    for (const [host, passes] of [
      ["compute1", true],
      ["compute1.example", true],
      ["compute2.example", false],
    ] as const) {
      cloud.console = () => consoleDocument({ host });
      const outcome = await store.validate(good).then(
        () => true,
        () => false,
      );
      assert.equal(outcome, passes, host);
    }
  });

  it("refuses nothing for an address that several hosts have, the instance's among them", async () => {
    cloud.hypervisors = () => hypervisorsDocument({ compute1: "192.0.2.7", compute2: "192.0.2.7" });
    cloud.server = () => serverDocument("compute2");
    await store.validate(good);
  });

  it("passes an address that is no host's, and warns once that it cannot be compared", async () => {
    cloud.console = () => consoleDocument({ host: "198.51.100.1" });
    await store.validate(good);
    await store.validate(good);
    assert.equal(cloud.warnings.length, 1);
    assert.match(cloud.warnings[0] ?? "", /server_proxyclient_address .*198\.51\.100\.1/);
  });

  const forbidden: Answer = { status: 403, body: { forbidden: { code: 403 } } };
  const cases: [string, () => void, RegExp][] = [
    ["an instance", () => (cloud.server = () => forbidden), /servers:show/],
    [
      "its host",
      () => (cloud.server = () => ({ status: 200, body: { server: { id: INSTANCE } } })),
      /os-extended-server-attributes/,
    ],
    ["the hosts", () => (cloud.hypervisors = () => forbidden), /os-hypervisors:list-detail/],
  ];
  for (const [what, arrange, policy] of cases) {
    it(`warns once where the user may not see ${what}, and asks again after ten minutes`, async () => {
      arrange();
      await store.validate(good);
      await store.validate(good);
      assert.equal(cloud.warnings.length, 1);
      assert.match(cloud.warnings[0] ?? "", policy);
      assert.equal(asked("/servers/"), 1);
      cloud.nowMs += 600_001;
      await store.validate(good);
      assert.equal(asked("/servers/"), 2);
      assert.equal(cloud.warnings.length, 1);
    });
  }

  it("passes an instance that is not there for this user, and goes on asking", async () => {
    cloud.server = () => ({ status: 404, body: {} });
    await store.validate(good);
    assert.equal(cloud.warnings.length, 1);
    cloud.server = () => serverDocument("compute2");
    await assert.rejects(store.validate(good), { code: "TOKEN_ERR_INVALID" });
  });

  for (const what of ["server", "hypervisors"] as const) {
    it(`does not open where nova fails to tell of the ${what}`, async () => {
      cloud[what] = () => ({ status: 500, body: {} });
      await assert.rejects(store.validate(good), {
        code: "TOKEN_ERR_STORE_UNAVAILABLE",
        message: /answers 500 where it is asked for/,
      });
    });
  }

  it("reads the hosts anew before it refuses by an old list", async () => {
    await store.validate(good);
    cloud.server = () => serverDocument("compute3");
    cloud.hypervisors = () => hypervisorsDocument({ compute3: "192.0.2.7" });
    cloud.nowMs += 60_001;
    await store.validate(good);
    assert.equal(asked("/os-hypervisors/"), 2);
  });

  it("asks for no instance where it is not to", async () => {
    await using other = await FakeCloud.start();
    const unasked = other.open();
    await unasked.validate(good);
    assert.equal(other.seen.filter(({ path }) => path.includes("/servers/")).length, 0);
    await unasked.close();
  });
});
