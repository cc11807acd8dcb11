import assert from "node:assert/strict";
import { lookup, type LookupAddress, type LookupOptions } from "node:dns";
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { lookupWithin, resolveName } from "./lookup-within.ts";

type Answer = [error: Error | null, address: string | LookupAddress[], family?: number | undefined];

function ask(
  find: typeof lookup | ReturnType<typeof lookupWithin>,
  host: string,
  options: LookupOptions,
) {
  return new Promise<Answer>((resolve) => {
    find(host, options, (...answer) => {
      resolve(answer);
    });
  });
}

describe("lookupWithin()", () => {
  const options: readonly LookupOptions[] = [
    {},
    { all: true },
    { family: 4 },
    { family: "IPv4", all: true },
    { order: "ipv4first", all: true },
    { order: "ipv6first", all: true },
    { hints: 32, all: true },
  ];
  for (const each of options) {
    for (const host of ["localhost", "127.0.0.1", "::1"]) {
      it(`answers ${JSON.stringify(host)} as dns.lookup does, with ${JSON.stringify(each)}`, async () => {
        const expected = await ask(lookup, host, { ...each });
        assert.deepEqual(await ask(lookupWithin(5_000), host, { ...each }), expected);
      });
    }
  }

  it("is what net.connect takes, with several addresses and with one", async () => {
    const server = createServer((socket) => socket.end()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    for (const autoSelectFamily of [true, false]) {
      const family = autoSelectFamily ? 0 : 4;
      const find = lookupWithin(5_000);
      const socket = connect({ host: "localhost", port, autoSelectFamily, family, lookup: find });
      await once(socket, "connect");
      socket.destroy();
    }
    server.close();
  });

  it("gives net.connect the error with the name", async () => {
    const socket = connect({ host: "nowhere.invalid", port: 1, lookup: lookupWithin(5_000) });
    const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException];
    assert.match(error.code ?? "", /^NAME_ERR_/);
    assert.match(error.message, /^name look-up of nowhere\.invalid: /);
  });
});

describe("resolveName()", () => {
  it("resolves to the first address in the order asked for", async () => {
    assert.equal(await resolveName("localhost", 5_000, "ipv4first"), "127.0.0.1");
    assert.equal(await resolveName("2001:db8::7", 5_000), "2001:db8::7");
  });

  it("rejects with the name", async () => {
    await assert.rejects(
      resolveName("nowhere.invalid", 5_000),
      /^\w+: name look-up of nowhere\.inv/,
    );
  });
});
