import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { type Duplex, duplexPair } from "node:stream";
import { BackendPolicy } from "@nova-console/connector";
import { admitWithoutSecurity, exchangeVersions, noneHandler } from "@nova-console/rfb";
import {
  type ConnectInfo,
  InvalidTokenError,
  Token,
  type TokenStore,
  TokenStoreError,
} from "@nova-console/token";
import type { CloseReason } from "./close-reason.ts";
import type { SessionSlots } from "./admission.ts";
import { CountedSlots } from "./counted-slots.ts";
import { OriginRefusedError, PortCheckUnavailableError, PortNotInstancesError } from "./errors.ts";
import type { PortCheck } from "./port-check.ts";
import type { SessionRecord } from "./session-record.ts";
import type { SessionSettings } from "./session-settings.ts";
import { Sessions } from "./sessions.ts";
import type { ViewerFront } from "./viewer-front.ts";

const noDeadline = new AbortController().signal;

/** What the wall clock shows: tokens are good for long yet. */
const NOW_MS = Date.UTC(2026, 10, 25);

const settings: SessionSettings = {
  handshakeTimeoutMs: 10_000,
  connectTimeoutMs: 5_000,
  idleTimeoutMs: 0,
  bufferLimitBytes: 1_048_576,
  maxSessions: 100,
  endsWithToken: false,
  maxSessionsPerToken: 8,
};

/** A VNC server that passes the 3.8 handshake and echoes what comes after it. */
async function vncServer(
  t: TestContext,
  onSocket: (socket: Socket) => void = echo,
): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    onSocket(socket);
  });
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return address.port;
}

function echo(socket: Socket): void {
  void exchangeVersions(socket, noDeadline)
    .then((version) => admitWithoutSecurity(socket, version, noDeadline))
    .then(
      () => socket.pipe(socket),
      () => socket.destroy(),
    );
}

/** A store with one token, `good`, that leads to `port`. */
function storeOf(port: number, overrides: Partial<ConnectInfo> = {}): TokenStore {
  return {
    validate: (token) =>
      token.reveal() === "good"
        ? Promise.resolve({
            tokenDigest: token.digest,
            consoleType: "novnc",
            host: "127.0.0.1",
            port,
            internalAccessPath: null,
            instanceUuid: "5c0dd1bc-1b8a-4b2f-8ba3-0d8a3b4a1b4d",
            expires: 4_000_000_000,
            accessUrlBase: null,
            ...overrides,
          })
        : Promise.reject(new InvalidTokenError()),
    close: () => Promise.resolve(),
  };
}

/** A front whose viewer is a stream; `said` is what the session had it do. */
class TestFront implements ViewerFront {
  readonly name = "test";
  readonly viewerAddress = "192.0.2.1";
  readonly token: Token | null;
  readonly said: string[] = [];
  readonly viewer: Duplex;
  readonly #near: Duplex;
  readonly #refuseOrigin: boolean;
  admitGate: Promise<void> = Promise.resolve();

  constructor(token: string | null, refuseOrigin = false) {
    this.token = token === null ? null : new Token(token);
    [this.viewer, this.#near] = duplexPair();
    this.#refuseOrigin = refuseOrigin;
  }

  authorize(info: ConnectInfo | null): void {
    this.said.push(`authorize ${info === null ? "nobody" : info.consoleType}`);
    if (this.#refuseOrigin) throw new OriginRefusedError("Origin evil.example is not allowed");
  }

  begin(): Promise<void> {
    this.said.push("begin");
    return Promise.resolve();
  }

  async admit(signal: AbortSignal): Promise<Duplex> {
    await Promise.race([
      this.admitGate,
      once(signal, "abort").then(() => Promise.reject(signal.reason as Error)),
    ]);
    this.said.push("admit");
    return this.#near;
  }

  refuse(reason: CloseReason): Promise<void> {
    this.said.push(`refuse ${reason}`);
    return Promise.resolve();
  }

  close(reason: CloseReason): Promise<void> {
    this.said.push(`close ${reason}`);
    this.#near.end();
    return Promise.resolve();
  }
}

/** A front whose viewer takes its time to hear why it is refused. */
class SlowToRefuse extends TestFront {
  hear: () => void = () => undefined;
  readonly #heard = new Promise<void>((resolve) => (this.hear = resolve));
  #begin: () => void = () => undefined;
  /** Resolves when the refusal begins. */
  readonly refusing = new Promise<void>((resolve) => (this.#begin = resolve));

  override async refuse(reason: CloseReason): Promise<void> {
    this.#begin();
    await this.#heard;
    await super.refuse(reason);
  }
}

function sessionsOf(
  tokens: TokenStore,
  overrides: Partial<SessionSettings> = {},
  slots?: SessionSlots,
  now = (): number => performance.now(),
  portCheck?: PortCheck,
): { sessions: Sessions; ended: SessionRecord[] } {
  const ended: SessionRecord[] = [];
  const sessions = new Sessions({
    tokens,
    portCheck,
    settings: { ...settings, ...overrides },
    slots,
    backendPolicy: new BackendPolicy({ networks: [], socketDirs: [] }),
    backendSecurity: [noneHandler],
    now,
    wallClock: () => NOW_MS,
    onEnd: (record) => ended.push(record),
  });
  return { sessions, ended };
}

/** A check that ends so. */
function rejecting(error: unknown): PortCheck["check"] {
  // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- anything may be thrown
  return () => Promise.reject(error);
}

/** Sends a byte and waits for its echo. */
async function prove(front: TestFront): Promise<void> {
  front.viewer.write("x");
  await once(front.viewer, "data");
}

/** Opens a console and proves it with a byte there and back. */
async function openProved(
  t: TestContext,
  sessions: Sessions,
): Promise<{ front: TestFront; done: Promise<SessionRecord> }> {
  const front = new TestFront("good");
  t.after(() => front.viewer.end());
  const done = sessions.open(front);
  await prove(front);
  return { front, done };
}

/** What a session that must not open ended with, and what its front was told. */
async function refused(
  sessions: Sessions,
  front: TestFront,
): Promise<{ reason: CloseReason; detail: string; said: string[] }> {
  const { reason, detail } = await sessions.open(front);
  return { reason, detail, said: front.said };
}

describe("Sessions", { timeout: 20_000 }, () => {
  it("opens a console and tells its end once, with who, what and how many bytes", async (t) => {
    const port = await vncServer(t);
    const { sessions, ended } = sessionsOf(storeOf(port));
    const { front, done } = await openProved(t, sessions);
    assert.equal(sessions.size, 1);
    front.viewer.end();
    const record = await done;
    assert.deepEqual(front.said, ["authorize novnc", "begin", "admit", "close viewer-closed"]);
    assert.deepEqual(ended, [record]);
    assert.deepEqual(
      { ...record, durationMs: 0 },
      {
        number: 1,
        front: "test",
        viewerAddress: "192.0.2.1",
        tokenId: new Token("good").id,
        instanceUuid: "5c0dd1bc-1b8a-4b2f-8ba3-0d8a3b4a1b4d",
        backend: `127.0.0.1:${port}`,
        reason: "viewer-closed",
        detail: "ended by the viewer",
        bug: null,
        durationMs: 0,
        bytesFromViewer: 1,
        bytesToViewer: 1,
      },
    );
    assert.equal(sessions.size, 0);
  });

  it("ends with backend-closed when the VNC server hangs up", async (t) => {
    const accepted: Socket[] = [];
    const port = await vncServer(t, (socket) => {
      accepted.push(socket);
      echo(socket);
    });
    const { sessions } = sessionsOf(storeOf(port));
    const { front, done } = await openProved(t, sessions);
    accepted[0]?.end();
    await once(front.viewer, "end");
    front.viewer.end();
    assert.equal((await done).reason, "backend-closed");
  });

  it("refuses a missing, an unknown and another console's token, and dials nothing", async (t) => {
    const port = await vncServer(t, () => {
      assert.fail("a backend was dialled");
    });
    const { sessions } = sessionsOf(storeOf(port));
    assert.deepEqual(await refused(sessions, new TestFront(null)), {
      reason: "token-missing",
      detail: "no token was presented",
      said: ["authorize nobody", "refuse token-missing"],
    });
    assert.deepEqual(await refused(sessions, new TestFront("bad")), {
      reason: "token-invalid",
      detail: "token is unknown or expired",
      said: ["authorize nobody", "refuse token-invalid"],
    });
    const spice = sessionsOf(storeOf(port, { consoleType: "spice-html5" }));
    assert.equal((await refused(spice.sessions, new TestFront("good"))).reason, "console-type");
  });

  it("refuses a page of another site before it says anything about the token", async () => {
    for (const token of [null, "bad", "good"]) {
      const { sessions } = sessionsOf(storeOf(1));
      const { reason } = await refused(sessions, new TestFront(token, true));
      assert.equal(reason, "origin-refused");
    }
  });

  it("opens nothing whose token is revoked, or leads elsewhere, when the backend is there after 50 ms", async (t) => {
    let nowMs = 0;
    const port = await vncServer(t, (socket) => {
      nowMs += 50;
      echo(socket);
    });
    for (const second of [null, { port: 1 }]) {
      const store = storeOf(port);
      let asked = 0;
      const changing: TokenStore = {
        ...store,
        validate: async (token) => {
          const info = await store.validate(token);
          asked += 1;
          if (asked === 1) return info;
          if (second === null) throw new InvalidTokenError();
          return { ...info, ...second };
        },
      };
      const { sessions } = sessionsOf(changing, {}, undefined, () => nowMs);
      const { reason, said } = await refused(sessions, new TestFront("good"));
      assert.deepEqual([reason, said.at(-1)], ["token-invalid", "refuse token-invalid"]);
      assert.ok(!said.includes("admit"));
    }
  });

  for (const [what, storeMs, computeMs, dialMs, expected] of [
    ["once while the store is slow", 300, 310, 10, { store: 1, port: 1 }],
    ["again for the token alone while nova-compute is slow", 1, 300, 10, { store: 2, port: 1 }],
    ["again for both when the backend is slow", 300, 310, 50, { store: 2, port: 2 }],
  ] as const) {
    it(`asks ${what}`, async (t) => {
      let nowMs = 0;
      const asked = { store: 0, port: 0 };
      const store = storeOf(
        await vncServer(t, (socket) => {
          nowMs += dialMs;
          echo(socket);
        }),
      );
      const slow: TokenStore = {
        ...store,
        validate: async (token) => {
          asked.store += 1;
          const info = await store.validate(token);
          nowMs += storeMs;
          return info;
        },
      };
      const check = (): Promise<void> => {
        asked.port += 1;
        nowMs += computeMs;
        return Promise.resolve();
      };
      const { sessions } = sessionsOf(slow, {}, undefined, () => nowMs, { check });
      const front = new TestFront("good");
      const running = sessions.open(front);
      await prove(front);
      front.viewer.end();
      await running;
      assert.deepEqual(asked, expected);
    });
  }

  it("asks the store once for a console that is there at once", async (t) => {
    const store = storeOf(await vncServer(t));
    let asked = 0;
    const counting: TokenStore = {
      ...store,
      validate: (token) => {
        asked += 1;
        return store.validate(token);
      },
    };
    const { sessions } = sessionsOf(counting, {}, undefined, () => 0);
    const front = new TestFront("good");
    const running = sessions.open(front);
    await prove(front);
    front.viewer.end();
    await running;
    assert.equal(asked, 1);
  });

  it("ends a console with its token where that is asked for", async (t) => {
    const store = storeOf(await vncServer(t), { expires: NOW_MS / 1000 });
    const forced = sessionsOf(store, { endsWithToken: true });
    const front = new TestFront("good");
    const { reason } = await forced.sessions.open(front);
    assert.equal(reason, "token-expired");
    assert.equal(front.said.at(-1), "close token-expired");
  });

  it("lets a console live that is open longer than a timer can wait", async (t) => {
    const port = await vncServer(t);
    const forced = sessionsOf(storeOf(port), { endsWithToken: true });
    const { front, done } = await openProved(t, forced.sessions);
    await prove(front);
    front.viewer.end();
    assert.equal((await done).reason, "viewer-closed");
  });

  it("tells a store that cannot answer from a token that is not good", async () => {
    const down: TokenStore = {
      validate: () => Promise.reject(new TokenStoreError("database is locked")),
      close: () => Promise.resolve(),
    };
    const silent: TokenStore = { ...down, validate: () => new Promise(() => undefined) };
    for (const [store, detail] of [
      [down, "database is locked"],
      [silent, "no progress within 20 ms"],
    ] as const) {
      const { sessions } = sessionsOf(store, { connectTimeoutMs: 20 });
      const end = await refused(sessions, new TestFront("good"));
      assert.deepEqual([end.reason, end.detail], ["token-store-unavailable", detail]);
    }
  });

  it("checks the port before the first byte to the backend, and again after 50 ms", async (t) => {
    const steps: string[] = [];
    const port = await vncServer(t, (socket) => {
      steps.push("dialled");
      echo(socket);
    });
    const check: PortCheck["check"] = (info, signal) => {
      steps.push(`checked ${info.host} ${info.port} ${signal.aborted}`);
      return Promise.resolve();
    };
    let nowMs = 0;
    // Late enough for the store to be asked twice.
    const now = (): number => (nowMs += 50);
    const { sessions } = sessionsOf(storeOf(port), {}, undefined, now, { check });
    await openProved(t, sessions);
    const checked = `checked 127.0.0.1 ${port} false`;
    assert.deepEqual(steps, [checked, "dialled", checked]);
  });

  it("checks no port for a token that is not good", async () => {
    const check: PortCheck["check"] = () => assert.fail("a port was checked");
    for (const token of [null, "bad"]) {
      const { sessions } = sessionsOf(storeOf(1), {}, undefined, undefined, { check });
      const { reason } = await refused(sessions, new TestFront(token));
      assert.equal(reason, token === null ? "token-missing" : "token-invalid");
    }
  });

  it("opens nothing unless the check says that the port is the instance's", async (t) => {
    const port = await vncServer(t, () => {
      assert.fail("a backend was dialled");
    });
    const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
    for (const [check, expected, detail] of [
      [rejecting(new PortNotInstancesError("another's")), "token-invalid", "another's"],
      [
        rejecting(new PortCheckUnavailableError("no broker")),
        "token-store-unavailable",
        "no broker",
      ],
      [rejecting(reset), "token-store-unavailable", "the instance's port cannot be checked"],
      [rejecting(new TypeError("a bug")), "internal-error", "a bug"],
      [rejecting(null), "internal-error", "null"],
      [
        () => new Promise<void>(() => undefined),
        "token-store-unavailable",
        "port not confirmed within 20 ms",
      ],
    ] as const) {
      const limits = { connectTimeoutMs: 20 };
      const { sessions } = sessionsOf(storeOf(port), limits, undefined, undefined, { check });
      const end = await refused(sessions, new TestFront("good"));
      assert.deepEqual([end.reason, end.detail], [expected, detail]);
      assert.deepEqual(end.said, ["authorize novnc", `refuse ${expected}`]);
    }
  });

  it("dials nothing when the check's answer comes too late, and tells the check so", async (t) => {
    const port = await vncServer(t, () => {
      assert.fail("a backend was dialled");
    });
    let answer: () => void = () => undefined;
    let isAborted = false;
    const check: PortCheck["check"] = (_info, signal) =>
      new Promise((resolve) => {
        answer = resolve;
        signal.addEventListener("abort", () => (isAborted = true));
      });
    const limits = { connectTimeoutMs: 10 };
    const { sessions } = sessionsOf(storeOf(port), limits, undefined, undefined, { check });
    const { reason } = await refused(sessions, new TestFront("good"));
    answer();
    await new Promise(setImmediate);
    assert.deepEqual([reason, isAborted], ["token-store-unavailable", true]);
  });

  it("tells a backend that refuses, is silent, hangs up, or speaks something else", async (t) => {
    const silent = await vncServer(t, () => undefined);
    const hangsUp = await vncServer(t, (socket) => socket.end());
    const ssh = await vncServer(t, (socket) => socket.write("SSH-2.0-OpenSSH\r\n"));
    const busy = await vncServer(t, (socket) => socket.write("RFB 003.008\n\0\0\0\0\x04busy"));
    const closed = createServer().listen(0, "127.0.0.1");
    await once(closed, "listening");
    const address = closed.address();
    assert.ok(typeof address === "object" && address !== null);
    closed.close();
    await once(closed, "close");
    for (const [port, expected] of [
      [address.port, "backend-unreachable"],
      [silent, "backend-timeout"],
      [hangsUp, "backend-lost"],
      [ssh, "backend-incompatible"],
      [busy, "backend-refused"],
    ] as const) {
      const { sessions } = sessionsOf(storeOf(port), { connectTimeoutMs: 300 });
      const { reason, said } = await refused(sessions, new TestFront("good"));
      assert.deepEqual([reason, said.at(-1)], [expected, `refuse ${expected}`]);
    }
  });

  it("dials no metadata service, however good the token is", async () => {
    for (const host of ["169.254.169.254", "0xa9fea9fe", "unix:/etc/passwd"]) {
      const info = await storeOf(80).validate(new Token("good"));
      const tokens = { ...storeOf(80), validate: () => Promise.resolve({ ...info, host }) };
      const { sessions } = sessionsOf(tokens);
      const { reason, said } = await refused(sessions, new TestFront("good"));
      assert.deepEqual([reason, said.at(-1)], ["backend-forbidden", "refuse backend-forbidden"]);
    }
  });

  it("ends a viewer that does not finish its handshake, and hangs up on the backend", async (t) => {
    const hungUp = new Promise<void>((resolve) => {
      void vncServer(t, (socket) => {
        echo(socket);
        socket.on("close", () => {
          resolve();
        });
      }).then(async (port) => {
        const { sessions } = sessionsOf(storeOf(port), { handshakeTimeoutMs: 100 });
        const front = new TestFront("good");
        front.admitGate = new Promise(() => undefined);
        assert.equal((await refused(sessions, front)).reason, "viewer-timeout");
      });
    });
    await hungUp;
  });

  it("keeps to max_sessions and max_sessions_per_token, and frees both at the end", async (t) => {
    const port = await vncServer(t);
    for (const caps of [{ maxSessions: 2 }, { maxSessionsPerToken: 2 }]) {
      const { sessions } = sessionsOf(storeOf(port), caps);
      const first = await openProved(t, sessions);
      await openProved(t, sessions);
      const { reason } = await refused(sessions, new TestFront("good"));
      assert.equal(reason, "too-many-sessions");
      first.front.viewer.end();
      await first.done;
      await openProved(t, sessions);
    }
  });

  it("counts no session against max_sessions before its token is known to be good", async (t) => {
    const { sessions } = sessionsOf(storeOf(await vncServer(t)), { maxSessions: 2 });
    const refusals = Array.from({ length: 20 }, () => new SlowToRefuse("bad"));
    const silent = refusals.map((front) => sessions.open(front));
    await Promise.all(refusals.map(({ refusing }) => refusing));
    assert.equal(sessions.size, 20);
    await openProved(t, sessions);
    await openProved(t, sessions);
    assert.equal((await refused(sessions, new TestFront("good"))).reason, "too-many-sessions");
    for (const front of refusals) front.hear();
    await Promise.all(silent);
  });

  it("gives back a slot that it gets after its session has ended", async () => {
    const perToken = new CountedSlots(1);
    let grant: (isGranted: boolean) => void = () => undefined;
    const all = {
      take: () => new Promise<boolean>((resolve) => (grant = resolve)),
      giveBack: () => undefined,
    };
    const { sessions } = sessionsOf(storeOf(1), { handshakeTimeoutMs: 10 }, { all, perToken });
    assert.equal((await refused(sessions, new TestFront("good"))).reason, "viewer-timeout");
    grant(true);
    await new Promise(setImmediate);
    assert.equal(perToken.take(new Token("good").digest), true);
  });

  it("tells of its live sessions, and ends one at an operator's wish", async (t) => {
    const { sessions } = sessionsOf(storeOf(await vncServer(t)));
    const { done } = await openProved(t, sessions);
    const other = await openProved(t, sessions);
    const [first, second] = sessions.list();
    assert.ok(first && second);
    assert.deepEqual(
      [first.isOpen, first.viewerAddress, first.bytesFromViewer, first.bytesToViewer],
      [true, "192.0.2.1", 1, 1],
    );
    assert.equal(sessions.end(first.number), true);
    assert.equal((await done).reason, "ended-by-operator");
    assert.equal(sessions.end(first.number), false);
    assert.deepEqual(
      sessions.list().map(({ number }) => number),
      [second.number],
    );
    await prove(other.front);
  });

  it("drains: takes nobody new, lets open sessions go on, and ends them at the limit", async (t) => {
    const port = await vncServer(t);
    const { sessions } = sessionsOf(storeOf(port));
    const { front, done } = await openProved(t, sessions);
    const drained = sessions.drain(0);
    assert.equal((await refused(sessions, new TestFront("good"))).reason, "proxy-shutdown");
    await prove(front);
    front.viewer.end();
    await Promise.all([drained, done]);

    const impatient = sessionsOf(storeOf(port));
    const left = await openProved(t, impatient.sessions);
    await impatient.sessions.drain(10);
    assert.equal((await left.done).reason, "proxy-shutdown");
  });

  it("drains: takes latecomers until nobody can come any more", async (t) => {
    const port = await vncServer(t);
    const { sessions } = sessionsOf(storeOf(port));
    let nobodyComes: () => void = () => undefined;
    const latecomers = new Promise<void>((resolve) => {
      nobodyComes = resolve;
    });
    const drained = sessions.drain(0, latecomers);
    const { front, done } = await openProved(t, sessions);
    nobodyComes();
    await latecomers;
    assert.equal((await refused(sessions, new TestFront("good"))).reason, "proxy-shutdown");
    await prove(front);
    front.viewer.end();
    await Promise.all([drained, done]);
  });

  it("tells when those that live ask nobody any more: they are open, or were refused", async (t) => {
    const port = await vncServer(t);
    let answer: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const store = storeOf(port);
    const slow = { ...store, validate: (token: Token) => asked.then(() => store.validate(token)) };
    const { sessions } = sessionsOf(slow);
    const refusal = refused(sessions, new TestFront("bad"));
    const opened = openProved(t, sessions);
    let isEntered = false;
    const entered = sessions.entered().then(() => {
      isEntered = true;
    });
    await new Promise(setImmediate);
    assert.equal(isEntered, false);
    answer();
    await entered;
    assert.equal(sessions.list().at(-1)?.isOpen, true);
    await refusal;
    const { front, done } = await opened;
    await sessions.entered();
    front.viewer.end();
    await done;
  });

  it("ends all of them in order when it is told to, and a drain without a limit with them", async (t) => {
    const port = await vncServer(t);
    const { sessions } = sessionsOf(storeOf(port));
    const { done } = await openProved(t, sessions);
    const drained = sessions.drain(0, new Promise(() => undefined));
    sessions.cut("the worker was told to end");
    const { reason, detail } = await done;
    assert.deepEqual([reason, detail], ["proxy-shutdown", "the worker was told to end"]);
    assert.equal((await refused(sessions, new TestFront("good"))).reason, "proxy-shutdown");
    await drained;
  });

  it("does not wait at the limit for viewers that do not take their last words", async (t) => {
    const port = await vncServer(t);
    const { sessions } = sessionsOf(storeOf(port));
    const { front } = await openProved(t, sessions);
    front.close = () => new Promise(() => undefined);
    await sessions.drain(10);
    assert.equal(sessions.size, 1);
  });

  it("calls what nobody foresaw a bug and keeps its stack for the log", async () => {
    const broken: TokenStore = {
      validate: () => Promise.reject(new TypeError("undefined is not a function")),
      close: () => Promise.resolve(),
    };
    const { sessions } = sessionsOf(broken);
    const { reason, bug } = await sessions.open(new TestFront("good"));
    assert.equal(reason, "internal-error");
    assert.ok(bug instanceof TypeError);
  });
});
