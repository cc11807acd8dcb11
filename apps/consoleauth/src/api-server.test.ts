import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, it } from "node:test";
import { Token } from "@nova-console/token";
import {
  AUTHORIZED,
  JSON_TYPE,
  member,
  NEW_CONSOLE,
  type RunningApi,
  SECRET,
  startApi,
} from "./api-testing.ts";
import { INSTANCE, TIMEOUT } from "./testing.ts";

describe("createApiServer()", () => {
  let api: RunningApi;
  beforeEach(async () => {
    api = await startApi();
  });
  afterEach(async () => {
    await api.stop();
  });

  const unwanted: [string, unknown, number, RegExp][] = [
    ["text that is not JSON", "{", 400, /^body is not JSON$/],
    ["nothing", "", 400, /^body is not JSON$/],
    ["an array", [], 400, /^body is not a JSON object$/],
    ["null", null, 400, /^body is not a JSON object$/],
    ["bytes that are not UTF-8", Uint8Array.of(0xff, 0xfe), 400, /^body is not UTF-8$/],
    ["an unknown member", { ...NEW_CONSOLE, prot: 1 }, 400, /^"prot" is not known$/],
    [
      "no instance",
      { ...NEW_CONSOLE, instance_uuid: undefined },
      400,
      /^instance_uuid is missing$/,
    ],
    ["no host", { ...NEW_CONSOLE, host: undefined }, 400, /^host is missing$/],
    ["no port", { ...NEW_CONSOLE, port: undefined }, 400, /^port is missing$/],
    ["no type", { ...NEW_CONSOLE, console_type: undefined }, 400, /^console_type is missing$/],
    ["a port in quotes", { ...NEW_CONSOLE, port: "5900" }, 400, /^port is a string$/],
    [
      "a port too high",
      { ...NEW_CONSOLE, port: 65_536 },
      400,
      /^port is 65536, must be a whole number from 1 to 65535$/,
    ],
    ["a list of hosts", { ...NEW_CONSOLE, host: ["a"] }, 400, /^host is an array$/],
    [
      "a name for a UUID",
      { ...NEW_CONSOLE, instance_uuid: "vm1" },
      400,
      /^instance_uuid is "vm1", must be a UUID/,
    ],
    [
      "another type",
      { ...NEW_CONSOLE, console_type: "rdp" },
      400,
      /^console_type is "rdp", must be novnc or xvpvnc$/,
    ],
    ["no time", { ...NEW_CONSOLE, ttl: 0 }, 400, /^ttl is 0, must be a whole number of seconds/],
    [
      "a header in the access path",
      { ...NEW_CONSOLE, internal_access_path: "a\r\nb" },
      400,
      /^internal_access_path is /,
    ],
    [
      "more than 64 KiB",
      { ...NEW_CONSOLE, host: "x".repeat(65_536) },
      413,
      /^body is larger than 65536 bytes$/,
    ],
  ];
  for (const [name, body, status, message] of unwanted) {
    it(
      "answers metrics in the text format of Prometheus, to who shows the secret",
      TIMEOUT,
      async () => {
        const path = `${api.base}/metrics`;
        assert.equal((await fetch(path)).status, 401);
        const response = await fetch(path, { headers: AUTHORIZED });
        assert.equal(
          response.headers.get("content-type"),
          "text/plain; version=0.0.4; charset=utf-8",
        );
        assert.match(await response.text(), /^nova_consoleauth_revocations_pending 0$/m);
      },
    );

    it(`refuses ${name} and says what is allowed`, TIMEOUT, async () => {
      const answer = await api.post(body);
      assert.equal(answer.status, status);
      assert.match(String(member(answer.json, "error")), message);
      assert.match(String(member(answer.json, "allowed")), /^(?!undefined)../);
      assert.deepEqual(await api.workplace.store.list(), []);
    });
  }

  it("stops reading a body without a length at 64 KiB", TIMEOUT, async () => {
    const client = httpRequest(`${api.base}/v1/consoles`, { method: "POST", headers: JSON_TYPE });
    client.on("error", () => undefined);
    client.write(" ".repeat(70_000));
    const [response] = (await once(client, "response")) as [
      NodeJS.ReadableStream & { statusCode: number },
    ];
    assert.equal(response.statusCode, 413);
    assert.match(await text(response), /larger than 65536/);
    client.destroy();
  });

  for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonp"]) {
    it(`refuses a body of type ${type}`, TIMEOUT, async () => {
      const headers = { ...AUTHORIZED, "content-type": type };
      const body = JSON.stringify(NEW_CONSOLE);
      const { status, json } = await api.ask("POST", "/v1/consoles", { headers, body });
      assert.equal(status, 415);
      assert.equal(member(json, "allowed"), "Content-Type: application/json");
    });
  }

  it("takes a charset behind the type", TIMEOUT, async () => {
    const headers = { ...AUTHORIZED, "content-type": "application/json; charset=utf-8" };
    const body = JSON.stringify(NEW_CONSOLE);
    assert.equal((await api.ask("POST", "/v1/consoles", { headers, body })).status, 201);
  });

  for (const authorization of [null, "Bearer wrong", `Basic ${SECRET}`, SECRET]) {
    it(`tells nothing to ${authorization ?? "whoever shows no secret"}`, TIMEOUT, async () => {
      const headers: Record<string, string> = authorization === null ? {} : { authorization };
      for (const [method, path] of [
        ["GET", "/v1/consoles/x"],
        ["POST", "/v1/consoles"],
        ["PATCH", "/nowhere"],
      ] as const) {
        const answer = await api.ask(method, path, { headers });
        assert.equal(answer.status, 401);
        assert.equal(answer.headers.get("www-authenticate"), 'Bearer realm="nova-consoleauth"');
        assert.equal(member(answer.json, "error"), "the secret is missing or wrong");
      }
    });
  }

  const methods: [string, string, string][] = [
    ["GET", "/v1/consoles", "POST"],
    ["DELETE", "/v1/consoles/x", "GET"],
    ["GET", `/v1/instances/${INSTANCE}/consoles`, "DELETE"],
    ["POST", `/v1/instances/${INSTANCE}/endpoint`, "PUT"],
  ];
  for (const [method, path, allow] of methods) {
    it(`refuses ${method} ${path} and allows ${allow}`, TIMEOUT, async () => {
      const { status, headers, json } = await api.ask(method, path);
      assert.equal(status, 405);
      assert.equal(headers.get("allow"), allow);
      assert.equal(member(json, "allowed"), allow);
    });
  }

  for (const path of [
    "/",
    "/v1",
    "/v1/consoles/",
    "/v1/consoles/a/b",
    "/v2/consoles",
    "//v1/consoles",
  ]) {
    it(`knows no path ${path}`, TIMEOUT, async () => {
      const { status, json } = await api.ask("GET", path);
      assert.equal(status, 404);
      assert.match(String(member(json, "allowed")), /^\/v1\/consoles, /);
    });
  }

  it(
    "refuses a path that is not well encoded, and an instance that is no UUID",
    TIMEOUT,
    async () => {
      assert.equal((await api.ask("GET", "/v1/consoles/%ff")).status, 400);
      const { status, json } = await api.ask("DELETE", "/v1/instances/vm%201/consoles");
      assert.equal(status, 400);
      assert.match(String(member(json, "error")), /^instance_uuid is "vm 1", must be a UUID/);
    },
  );

  it("answers in JSON to what is not HTTP, and to a head that is too large", TIMEOUT, async () => {
    const { port } = new URL(api.base);
    for (const [sent, status] of [
      ["RFB 003.008\n\n\n", 400],
      [`GET / HTTP/1.1\r\nX: ${"x".repeat(9000)}`, 431],
    ] as const) {
      const socket = connect(Number(port), "127.0.0.1");
      socket.write(sent);
      assert.match(
        await text(socket),
        new RegExp(`^HTTP/1.1 ${status} .*\\{"error":"[^"]+"\\}\n$`, "s"),
      );
    }
  });

  it("refuses web pages, whatever they show", TIMEOUT, async () => {
    for (const origin of ["http://127.0.0.1", "null"]) {
      const headers = { ...AUTHORIZED, origin };
      const { status, json } = await api.ask("GET", "/v1/consoles/x", { headers });
      assert.equal(status, 403);
      assert.equal(member(json, "error"), "this is not for web pages");
    }
  });

  it("answers while more half requests are open than it has connections", TIMEOUT, async () => {
    const port = Number(new URL(api.base).port);
    const half = Array.from({ length: 300 }, () => connect(port, "127.0.0.1"));
    for (const socket of half) {
      socket.on("error", () => undefined);
      await once(socket, "connect");
      socket.write("GET /v1/consoles/x HTTP/1.1\r\nHost: a\r\n");
    }
    assert.equal((await api.ask("GET", "/v1/consoles/x")).status, 404);
    for (const socket of half) socket.destroy();
  });

  it("answers one request at a time, and closes on who sends more before", TIMEOUT, async () => {
    const socket = connect(Number(new URL(api.base).port), "127.0.0.1");
    socket.on("error", () => undefined);
    const request = `GET /v1/consoles/x HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${SECRET}\r\n\r\n`;
    socket.write(request.repeat(500));
    await new Promise((resolve) => socket.resume().once("close", resolve));
    assert.ok(api.logged.length <= 1, String(api.logged.length));
  });

  it("answers 503 when the store does not, and logs why", TIMEOUT, async () => {
    await api.workplace.store.close();
    const { status, headers, json } = await api.ask("DELETE", `/v1/instances/${INSTANCE}/consoles`);
    assert.equal(status, 503);
    assert.equal(headers.get("retry-after"), "5");
    const error = `token store ${api.workplace.store.place}: is closed`;
    assert.deepEqual(json, { error });
    assert.match(JSON.stringify(api.logged), /api request failed.*consoles\.sqlite: is closed/);
  });

  it("answers others while a write waits for the lock of another process", TIMEOUT, async () => {
    const { token } = await api.workplace.authorize();
    const holder = new DatabaseSync(api.workplace.store.place);
    holder.exec("BEGIN IMMEDIATE");
    const answered: string[] = [];
    const posting = api.post(NEW_CONSOLE).then(({ status }) => answered.push(`POST ${status}`));
    const { status } = await api.ask("GET", `/v1/consoles/${token.reveal()}`);
    answered.push(`GET ${status}`);
    holder.exec("COMMIT");
    await posting;
    holder.close();
    assert.deepEqual(answered, ["GET 200", "POST 201"]);
  });

  it("takes a caller that leaves within its body for no failure of its own", TIMEOUT, async () => {
    const { port } = new URL(api.base);
    const caller = connect(Number(port), "127.0.0.1");
    caller.write(
      `POST /v1/consoles HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${SECRET}\r\n` +
        "Content-Type: application/json\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n",
    );
    await once(caller, "data");
    caller.destroy();
    while (api.logged.length === 0) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(
      api.logged.map(([message]) => message),
      ["api request refused"],
    );
  });

  describe("to an address that has shown wrong secrets", () => {
    const wrong = { authorization: "Bearer of-somebody-who-guesses" };
    const ask = (headers: Record<string, string>): ReturnType<RunningApi["ask"]> =>
      api.ask("GET", "/v1/consoles/x", { headers });
    const showWrong = async (times: number): Promise<number[]> => {
      const answers = await Promise.all(Array.from({ length: times }, () => ask(wrong)));
      return answers.map(({ status }) => status);
    };

    it(
      "answers 429 with Retry-After a second later, and serves the right one",
      TIMEOUT,
      async () => {
        const statuses = await showWrong(30);
        assert.equal(statuses.filter((status) => status === 401).length, 10);
        assert.equal(statuses.filter((status) => status === 429).length, 20);
        const beganMs = performance.now();
        const [refused, served] = await Promise.all([ask(wrong), ask(AUTHORIZED)]);
        assert.ok(performance.now() - beganMs >= 990);
        assert.equal(refused.status, 429);
        assert.match(refused.headers.get("retry-after") ?? "", /^[1-9]\d?$/);
        assert.equal(member(refused.json, "error"), "too many wrong secrets from this address");
        assert.equal(served.status, 404);
      },
    );

    it(
      "writes one line for all of them, one warning, and how many there were",
      TIMEOUT,
      async () => {
        await showWrong(30);
        await showWrong(30);
        await api.service.stop();
        const text = api.logged.map((line) => JSON.stringify(line));
        assert.equal(text.filter((line) => line.includes("api request refused")).length, 4);
        assert.match(text.join("\n"), /"9 more of the same from 127\.0\.0\.1 within 60 s",.*"401"/);
        assert.match(
          text.join("\n"),
          /"49 more of the same from 127\.0\.0\.1 within 60 s",.*"429"/,
        );
        assert.match(
          text.join("\n"),
          /"too many wrong API secrets: attempts from this address are/,
        );
      },
    );

    it("counts neither right secrets nor requests that show none", TIMEOUT, async () => {
      for (let times = 0; times < 30; times++) {
        assert.equal((await ask({})).status, 401);
        assert.equal((await ask(AUTHORIZED)).status, 404);
      }
      assert.ok(!JSON.stringify(api.logged).includes("too many"));
    });

    it("keeps room for callers of other addresses", TIMEOUT, async () => {
      await showWrong(10);
      const port = Number(new URL(api.base).port);
      const nextTurn = (): Promise<void> => new Promise(setImmediate);
      const guess = (): Promise<unknown> => {
        const socket = connect(port, "127.0.0.1");
        guesses.push(socket);
        socket.on("error", () => undefined).resume();
        socket.write("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer wrong\r\n\r\n");
        return once(socket, "connect");
      };
      const guesses: Socket[] = [];
      await Promise.all(Array.from({ length: 300 }, guess));
      // As many as there are connections for are left.
      while (guesses.filter(({ destroyed }) => destroyed).length < 44) await nextTurn();
      const caller = connect({ port, host: "127.0.0.1", localAddress: "127.0.0.2" });
      await once(caller, "connect");
      // Accepted after it, and before its request is there.
      await guess();
      await nextTurn();
      caller.write(
        `GET /v1/consoles/x HTTP/1.0\r\nHost: a\r\nAuthorization: Bearer ${SECRET}\r\n\r\n`,
      );
      assert.match(await text(caller), /^HTTP\/1.1 404 /);
      for (const socket of guesses) socket.destroy();
    });

    it("ends a delay when its caller leaves", TIMEOUT, async () => {
      await showWrong(30);
      const { port } = new URL(api.base);
      const caller = connect(Number(port), "127.0.0.1");
      caller.write("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer wrong\r\n\r\n");
      const isDelayed = (): boolean => JSON.stringify(api.logged).includes("are delayed");
      while (!isDelayed()) await new Promise((resolve) => setImmediate(resolve));
      const beganMs = performance.now();
      caller.destroy();
      while (!JSON.stringify(api.logged).includes('"status":429')) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.ok(performance.now() - beganMs < 900);
    });
  });

  it("logs no token and no secret, whatever is asked", TIMEOUT, async () => {
    const { json } = await api.post(NEW_CONSOLE);
    const token = String(member(json, "token"));
    await api.ask("GET", `/v1/consoles/${token}`);
    await api.ask("PATCH", `/v1/consoles/${token}?token=${token}`);
    await api.ask("GET", `/v1/nowhere/${token}`);
    await api.ask("GET", `/v1/consoles/${token}%ff`);
    await api.ask("GET", `/v1/consoles/${token}`, {
      headers: { authorization: "Bearer wrong-secret" },
    });
    const text = JSON.stringify(api.logged);
    assert.equal(api.logged.length, 6);
    assert.match(text, new RegExp(`"token":"${new Token(token).id}"`));
    assert.doesNotMatch(text, new RegExp(`${token}|${SECRET}|wrong-secret`));
  });

  it(
    "takes a new secret and new base URLs with a reload, and keeps the old if they are bad",
    TIMEOUT,
    async () => {
      writeFileSync(api.secretFile, "another-secret-as-long");
      await api.service.reload(api.config);
      assert.equal((await api.ask("GET", "/v1/consoles/x")).status, 401);
      const headers = { authorization: "Bearer another-secret-as-long" };
      assert.equal((await api.ask("GET", "/v1/consoles/x", { headers })).status, 404);
      chmodSync(api.secretFile, 0o644);
      await assert.rejects(async () => api.service.reload(api.config), {
        code: "SERVICE_ERR_SETTING",
      });
      chmodSync(api.secretFile, 0o600);
      writeFileSync(api.secretFile, "too-short");
      await assert.rejects(async () => api.service.reload(api.config), {
        code: "SERVICE_ERR_SETTING",
        message: /api_secret_file .* has 9 characters, must have at least 16/,
      });
      assert.equal((await api.ask("GET", "/v1/consoles/x", { headers })).status, 404);
    },
  );
});
