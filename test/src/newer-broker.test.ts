import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { RpcClient, RpcServer } from "@nova-console/oslo-messaging";
import { newerDebian } from "./support/newer-debian.ts";
import { RabbitMq } from "./support/nova/rabbit-mq.ts";
import { rpcOptionsFor } from "./support/nova/rpc-options.ts";
import { until } from "./support/until.ts";

const TIMEOUT_MS = 700_000;
const FEATURE = "transient_nonexcl_queues";
const service = {
  ...{ topic: "consoleauth", server: "host1", versions: ["2.1"] },
  endpoints: { echo: (args: object) => Promise.resolve(args) },
};

describe(
  "a broker that forbids transient queues which are not exclusive",
  { timeout: TIMEOUT_MS },
  () => {
    const owned = new AsyncDisposableStack();
    let rabbit: RabbitMq;
    before(async () => {
      const root = await newerDebian(["rabbitmq-server"]);
      const settings = [`deprecated_features.permit.${FEATURE} = false`];
      rabbit = owned.use(await RabbitMq.start(undefined, { root, settings }));
    });
    after(() => owned.disposeAsync());

    it("is served and asked, with queues that it allows", async () => {
      const lines: string[] = [];
      await using scope = new AsyncDisposableStack();
      const client = scope.use(await RpcClient.connect(rpcOptionsFor(rabbit.url, lines)));
      assert.deepEqual(lines, [], "the client has nothing to say");
      const server = await RpcServer.serve(rpcOptionsFor(rabbit.url), service);
      scope.use(server);
      await until("requests to be read", () => server.isServing);
      for (const target of [
        { topic: "consoleauth", version: "2.0" },
        { topic: "consoleauth", server: "host1", version: "2.1" },
      ]) {
        assert.deepEqual(await client.call(target, "echo", { a: 1 }, { timeoutMs: 5_000 }), {
          a: 1,
        });
      }
      const queues = (await rabbit.ctl("list_queues", "name", "durable", "exclusive")).split("\n");
      assert.deepEqual(
        queues.filter((each) => each.startsWith("consoleauth") && !each.includes("fanout")).sort(),
        ["consoleauth\ttrue\tfalse", "consoleauth.host1\ttrue\tfalse"],
      );
      const others = queues.filter((each) => /^(?:reply_|consoleauth_fanout_)/.test(each));
      assert.equal(others.length, 2);
      for (const each of others) assert.match(each, /\tfalse\ttrue$/);
    });

    it("leaves no queue of a connection behind", async () => {
      const passing = async (): Promise<string[]> =>
        (await rabbit.ctl("list_queues", "name"))
          .split("\n")
          .filter((each) => /^(?:reply_|consoleauth_fanout_)/.test(each));
      await until("them to be gone", async () => (await passing()).length === 0);
    });

    it("has its reason passed on, in one line", async () => {
      const seen: string[] = [];
      const log = {
        info: () => undefined,
        warn: (_line: string, fields: Readonly<Record<string, unknown>> = {}) => {
          seen.push(String(fields["reason"]));
        },
      };
      await using scope = new AsyncDisposableStack();
      const options = { ...rpcOptionsFor(rabbit.url), log };
      scope.use(await RpcServer.serve(options, { ...service, topic: "other" }));
      assert.equal(seen.length, 1);
      const place = `127.0.0.1:${rabbit.port}`;
      assert.ok(seen[0]?.startsWith(`${place}: Connection closed: 541 (INTERNAL-ERROR)`), seen[0]);
      assert.match(seen[0] ?? "", new RegExp(`^.*Feature \`${FEATURE}\` is deprecated.*$`));
    });
  },
);
