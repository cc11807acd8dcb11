/**
 * What tests of the whole proxy share: a backend, a store, a proxy between them.
 *
 * @packageDocumentation
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach } from "node:test";
import { ByteReader } from "@nova-console/byte-stream";
import { admitWithoutSecurity, exchangeVersions } from "@nova-console/rfb";
import { TOKEN_LIMITS } from "@nova-console/service";
import type { SessionRecord } from "@nova-console/session";
import type { ThrottleLimits } from "@nova-console/throttle";
import {
  type ConnectInfo,
  InvalidTokenError,
  Token,
  type TokenDirectory,
  type TokenStore,
} from "@nova-console/token";
import { PASSWORD_LIMITS } from "../password-limits.ts";
import { startXvpVncProxy, type XvpVncProxy } from "../server.ts";
import type { XvpVncProxySettings } from "../settings.ts";

export const UUID = "b1a9a2d8-5f0e-4d8e-8f5e-6a1c2d3e4f5a";
export const timeout = 20_000;
const noDeadline = new AbortController().signal;

export const settings: XvpVncProxySettings = {
  host: "127.0.0.1",
  port: 0,
  preferIpv6: false,
  tls: {
    cert: "self.pem",
    key: null,
    sslOnly: false,
    ciphers: null,
    minimumVersion: "default",
  },
  backendSecurity: {
    authSchemes: ["none"],
    caCerts: null,
    clientCert: null,
    clientKey: null,
    passwordFile: null,
  },
  backends: { networks: [], socketDirs: [] },
  firstWordTimeoutMs: 50,
  credentialTimeoutMs: 120_000,
  maxWaitingForCredential: 1_000,
  viewerSecurity: ["Plain"],
  viewerPasswordSecretFile: "/nowhere/secret",
  baseUrl: "http://console.example:6081/console",
  maxConnectionsPerAddress: 100,
  maxConnectionsWithoutToken: 20_000,
  trustedProxies: [],
  proxyProtocol: false,
  pingIntervalMs: 30_000,
  drainTimeoutMs: 0,
  session: {
    handshakeTimeoutMs: 10_000,
    connectTimeoutMs: 5_000,
    idleTimeoutMs: 0,
    bufferLimitBytes: 1_048_576,
    maxSessions: 10,
    endsWithToken: false,
    maxSessionsPerToken: 8,
  },
};

/** What a test started, in the order to be ended. */
export const started: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of started.splice(0).reverse()) await end();
});

/** A VNC server that lets everybody in and sends back what it gets, after ClientInit. */
export async function startBackend(onSocket = echoRfb): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    onSocket(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  started.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return address.port;
}

function echoRfb(socket: Socket): void {
  exchangeVersions(socket, noDeadline)
    .then((version) => admitWithoutSecurity(socket, version, noDeadline))
    .then(
      () => socket.pipe(socket),
      () => socket.destroy(),
    );
}

const good = new Token("good");
const serial = new Token("serial");

/** Tokens `good` (to `port`) and `serial`; no other. */
function storeOf(port: number): TokenStore & TokenDirectory {
  return {
    validate: (token) => {
      const info: ConnectInfo = {
        tokenDigest: token.digest,
        consoleType: token.id === serial.id ? "serial" : "xvpvnc",
        host: "127.0.0.1",
        port,
        internalAccessPath: null,
        instanceUuid: UUID,
        expires: 4_000_000_000,
        accessUrlBase: null,
      };
      return token.id === good.id || token.id === serial.id
        ? Promise.resolve(info)
        : Promise.reject(new InvalidTokenError());
    },
    liveDigests: () => Promise.resolve([serial.digest, good.digest]),
    close: () => Promise.resolve(),
  };
}

export class Bench {
  readonly proxy: XvpVncProxy;
  readonly records: SessionRecord[];
  readonly log: string[];
  /** Attempts that were not made at once: what was tried, and what became of it. */
  readonly throttled: string[];

  constructor(parts: Pick<Bench, "proxy" | "records" | "log" | "throttled">) {
    this.proxy = parts.proxy;
    this.records = parts.records;
    this.log = parts.log;
    this.throttled = parts.throttled;
  }

  /**
   * @param limits - replace some of those of wrong tokens and passwords
   * @param now - the proxy's clock, in milliseconds
   */
  static async open(
    backendPort: number,
    change: Partial<Omit<XvpVncProxySettings, "session">> = {},
    session: Partial<XvpVncProxySettings["session"]> = {},
    limits: Partial<ThrottleLimits> = {},
    now: () => number = () => performance.now(),
  ): Promise<Bench> {
    const records: SessionRecord[] = [];
    const log: string[] = [];
    const throttled: string[] = [];
    const write = (message: string, fields?: object): void => {
      log.push(`${message} ${JSON.stringify(fields)}`);
    };
    const proxy = await startXvpVncProxy({
      settings: { ...settings, ...change, session: { ...settings.session, ...session } },
      tokens: storeOf(backendPort),
      log: { error: write, warn: write, info: write, debug: write },
      onSessionEnd: (record) => records.push(record),
      onThrottled: (kind, outcome) => throttled.push(`${kind} ${outcome}`),
      attemptLimits: {
        token: { ...TOKEN_LIMITS, ...limits },
        password: { ...PASSWORD_LIMITS, ...limits },
      },
      now,
      wallClock: Date.now,
    });
    started.push(() => proxy.stop());
    return new Bench({ proxy, records, log, throttled });
  }

  /** @param localAddress - whom the proxy sees: any of 127.0.0.0/8 */
  connect(localAddress = "127.0.0.1"): Socket {
    const { host, port } = this.proxy.address();
    return owned(connect({ host, port, localAddress, allowHalfOpen: true }));
  }

  /** @returns all that the proxy said until it closed */
  async ask(request: string | Buffer, localAddress?: string): Promise<string> {
    const socket = this.connect(localAddress);
    socket.write(request);
    return readAll(socket);
  }
}

export function owned<S extends Socket>(socket: S): S {
  socket.on("error", () => undefined);
  started.push(() => socket.destroy());
  return socket;
}

export async function readAll(socket: Socket): Promise<string> {
  let text = "";
  for await (const chunk of socket as AsyncIterable<Buffer>) text += chunk.toString("latin1");
  return text;
}

/** Waits until `socket` has said `text`, and takes it. */
export async function expectText(socket: Socket, text: string): Promise<void> {
  const reader = new ByteReader(socket, AbortSignal.timeout(timeout));
  const bytes = await reader.readExact(text.length);
  reader.release();
  assert.equal(bytes.toString("latin1"), text);
}
