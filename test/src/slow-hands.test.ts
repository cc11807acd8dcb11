import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { makeCertificate, type Certificate } from "./support/certificate.ts";
import { Desktop } from "./support/desktop.ts";
import { Installation } from "./support/installation.ts";
import { startTigervnc, untilTigervncAsks } from "./support/stock-viewers.ts";
import { TempDir } from "./support/temp-dir.ts";
import { until } from "./support/until.ts";
import type { VncServer } from "./support/vnc-server.ts";
import { XVncServer } from "./support/x-vnc-server.ts";

const TIMEOUT_MS = 60_000;
const limit = { timeout: TIMEOUT_MS };
const HANDSHAKE_SECONDS = 3;
const SHORT_CREDENTIAL_SECONDS = 1;
const ways = ["X509Plain", "TLSPlain", "Plain", "VncAuth"] as const;

describe(
  "a person whose viewer asks for the token after it has connected",
  { timeout: 4 * TIMEOUT_MS },
  () => {
    const owned = new AsyncDisposableStack();
    let certificate: Certificate;
    let patient: Installation;
    let hasty: Installation;
    let server: VncServer;

    before(async () => {
      const directory = owned.use(await TempDir.create());
      certificate = await makeCertificate(directory);
      const DEFAULT = { cert: certificate.certPath, key: certificate.keyPath };
      const running = (console_proxy: object): Promise<Installation> =>
        Installation.running({
          conf: { DEFAULT, console_proxy: { viewer_security: ways.join(","), ...console_proxy } },
        });
      [patient, hasty, server] = await Promise.all([
        running({ handshake_timeout: HANDSHAKE_SECONDS }),
        running({ credential_timeout: SHORT_CREDENTIAL_SECONDS }),
        XVncServer.tigervnc(),
      ]);
      for (const each of [patient, hasty, server]) owned.use(each);
    });
    after(() => owned.disposeAsync());

    for (const security of ways) {
      it(`may take longer than handshake_timeout in TigerVNC by ${security}`, limit, async () => {
        await using desktop = await Desktop.create();
        const { token, viewerPassword } = await patient.ticket(server.endpoint);
        const port = patient.xvpPort;
        await startTigervnc(desktop, { port, security, caPath: certificate.certPath });
        const type = await untilTigervncAsks(desktop, security);
        const askedMs = performance.now();
        const pauseMs = 1_500 * HANDSHAKE_SECONDS;
        await until("the time of a handshake to be over", () =>
          Promise.resolve(performance.now() - askedMs > pauseMs),
        );
        await type(security === "VncAuth" ? (viewerPassword ?? "") : token);
        await desktop.shows(server);
      });

      it(`reads in TigerVNC by ${security} that the token came too late`, limit, async () => {
        await using desktop = await Desktop.create();
        const port = hasty.xvpPort;
        const viewer = await startTigervnc(desktop, {
          ...{ port, security, caPath: certificate.certPath },
        });
        const type = await untilTigervncAsks(desktop, security);
        // The line at INFO is summed up after the first of an address; this one is not.
        const line = /viewer refused.*credential_timeout/g;
        await until("the line of the log", () =>
          Promise.resolve(hasty.log.match(line)?.length === ways.indexOf(security) + 1),
        );
        assert.match(hasty.log, /session closed.*reason=credential-timeout/);
        await type("12345678");
        await until("the viewer to show the reason", () =>
          Promise.resolve(viewer.stderr.includes("the token was not given in time")),
        );
      });
    }
  },
);
