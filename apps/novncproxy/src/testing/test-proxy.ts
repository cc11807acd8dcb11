import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TOKEN_LIMITS } from "@nova-console/service";
import type { SessionSettings } from "@nova-console/session";
import type { ThrottleLimits } from "@nova-console/throttle";
import type { ConnectInfo } from "@nova-console/token";
import { type NovncProxy, startNovncProxy } from "../server.ts";
import type { NovncProxySettings } from "../settings.ts";
import { FakeBackend } from "./fake-backend.ts";
import { FakeTokens } from "./fake-tokens.ts";
import { frame, RawClient, upgradeRequest } from "./raw-client.ts";

/** Settings as the defaults are, but a free port. */
const session: SessionSettings = {
  handshakeTimeoutMs: 10_000,
  connectTimeoutMs: 5_000,
  idleTimeoutMs: 0,
  bufferLimitBytes: 1_048_576,
  maxSessions: 20_000,
  endsWithToken: false,
  maxSessionsPerToken: 8,
};

/** What a test may set. */
export interface TestSettings extends Partial<Omit<NovncProxySettings, "session">> {
  readonly session?: Partial<SessionSettings>;
  /** Replaces some of the limits for wrong tokens. */
  readonly tokenLimits?: Partial<ThrottleLimits>;
}

/** A proxy on a free port with a page, a store of tokens and a VNC server of its own. */
export class TestProxy {
  readonly proxy: NovncProxy;
  readonly settings: NovncProxySettings;
  readonly tokens: FakeTokens;
  readonly backend: FakeBackend;
  readonly webRoot: string;
  /** All that was logged, as text. */
  readonly log: string[];
  /** Attempts that were not made at once: `delayed` or `refused`. */
  readonly throttled: string[];

  private constructor(parts: Omit<TestProxy, "port" | "upgrade" | "open" | "stop">) {
    this.proxy = parts.proxy;
    this.settings = parts.settings;
    this.tokens = parts.tokens;
    this.backend = parts.backend;
    this.webRoot = parts.webRoot;
    this.log = parts.log;
    this.throttled = parts.throttled;
  }

  /** The token `good` leads to the backend. */
  static async start(
    { tokenLimits, ...changes }: TestSettings = {},
    info: Partial<ConnectInfo> = {},
    handshake?: Parameters<typeof FakeBackend.start>[0],
  ): Promise<TestProxy> {
    const webRoot = mkdtempSync(join(tmpdir(), "novncproxy-"));
    writeFileSync(join(webRoot, "vnc_lite.html"), "<p>the page</p>");
    const backend = await FakeBackend.start(handshake);
    const tokens = new FakeTokens();
    tokens.add("good", { port: backend.port, ...info });
    const settings: NovncProxySettings = {
      host: "127.0.0.1",
      port: 0,
      preferIpv6: false,
      tls: { cert: "", key: null, sslOnly: false, ciphers: null, minimumVersion: "default" },
      web: webRoot,
      allowedOrigins: [],
      viewers: {
        baseUrl: "http://127.0.0.1:6081/console",
        security: ["auto"],
        passwordSecretFile: null,
      },
      backendSecurity: {
        authSchemes: ["none"],
        caCerts: null,
        clientCert: null,
        clientKey: null,
        passwordFile: null,
      },
      backends: { networks: [], socketDirs: [] },
      maxConnectionsPerAddress: 256,
      maxConnectionsWithoutToken: 20_000,
      trustedProxies: [],
      proxyProtocol: false,
      pingIntervalMs: 30_000,
      drainTimeoutMs: 1,
      ...changes,
      session: { ...session, ...changes.session },
    };
    const log: string[] = [];
    const throttled: string[] = [];
    const proxy = await startNovncProxy({
      settings,
      tokens,
      log: {
        debug: (message, fields) => log.push(`${message} ${JSON.stringify(fields)}`),
        info: (message, fields) => log.push(`${message} ${JSON.stringify(fields)}`),
        warn: (message, fields) => {
          log.push(`${message} ${JSON.stringify(fields)}`);
        },
      },
      onSessionEnd: (record) => log.push(`session closed ${JSON.stringify(record)}`),
      onThrottled: (_kind, outcome) => throttled.push(outcome),
      tokenLimits: { ...TOKEN_LIMITS, ...tokenLimits },
      now: () => performance.now(),
      wallClock: Date.now,
    }).catch((error: unknown) => {
      backend.stop();
      rmSync(webRoot, { recursive: true });
      throw error;
    });
    return new TestProxy({ proxy, settings, tokens, backend, webRoot, log, throttled });
  }

  get port(): number {
    return this.proxy.address().port;
  }

  /** Sends an upgrade request, with bytes right behind it in the same segment. */
  async upgrade(
    target = "/?token=good",
    headers: Readonly<Record<string, string | null>> = {},
    behind = Buffer.alloc(0),
  ): Promise<RawClient> {
    const client = await RawClient.connect(this.port);
    client.send(Buffer.concat([Buffer.from(upgradeRequest(target, headers), "latin1"), behind]));
    return client;
  }

  /** A console that is open: the next bytes of both sides are the other one's. */
  async open(
    target?: string,
  ): Promise<{ client: RawClient; server: Awaited<ReturnType<FakeBackend["next"]>> }> {
    const client = await this.upgrade(target);
    await client.head();
    await client.binary();
    client.send(frame("RFB 003.008\n"));
    await client.binary();
    client.send(frame(Buffer.of(1)));
    const [server] = await Promise.all([this.backend.next(), client.binary()]);
    return { client, server };
  }

  async stop(): Promise<void> {
    this.backend.stop();
    await this.proxy.stop();
    rmSync(this.webRoot, { recursive: true, force: true });
  }
}
