import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Installation } from "./support/installation.ts";
import type { PortAnswer } from "./support/nova/nova-compute.ts";
import { NovaCell } from "./support/nova/nova-cell.ts";
import { RfbViewer } from "./support/rfb-viewer.ts";
import { ScriptedBackend } from "./support/scripted-backend.ts";
import { until } from "./support/until.ts";
import { type ViewerPort, viewerPorts } from "./support/viewer-ports.ts";
import { openWebSocket, webSocketUrl } from "./support/web-socket-viewer.ts";
import { openXvp } from "./support/xvp-viewer.ts";

const TIMEOUT_MS = 60_000;
/** MariaDB, RabbitMQ, nova's tables and four proxies, on a machine with other work to do. */
const START_TIMEOUT_MS = 240_000;

/** How the two ports say it: a close code of WebSocket, a status of HTTP. */
const INVALID = { "6080": 1008, "6081": 401 };
const UNAVAILABLE = { "6080": 1011, "6081": 503 };

/** No viewer waits longer for a nova-compute that keeps silent. */
const IMPATIENT = { console_proxy: { check_port: "rpc", connect_timeout: 1 } };

describe("validate_console_port", { timeout: START_TIMEOUT_MS + 8 * TIMEOUT_MS }, () => {
  const owned = new AsyncDisposableStack();
  let cell: NovaCell;
  let patient: Installation;
  let impatient: Installation;

  before(
    async () => {
      cell = owned.use(await NovaCell.start());
      patient = owned.use(await Installation.create());
      impatient = owned.use(await Installation.create({ conf: IMPATIENT }));
      const args = ["--config-file", cell.confPath];
      for (const installation of [patient, impatient]) {
        await installation.startNovncproxy(args);
        await installation.startXvpvncproxy(args);
      }
    },
    { timeout: START_TIMEOUT_MS },
  );
  after(() => owned.disposeAsync());

  for (const port of viewerPorts) {
    const name = port.name as keyof typeof INVALID;

    it(`opens on ${name} what nova-compute confirms`, { timeout: TIMEOUT_MS }, async () => {
      await using backend = await ScriptedBackend.start({});
      const token = await authorize(port, backend);
      await opens(port, patient, token);
      assert.deepEqual(backend.failures, []);
    });

    const cases: [PortAnswer, typeof INVALID][] = [
      [false, INVALID],
      [null, INVALID],
      ["error", UNAVAILABLE],
    ];
    for (const [answer, expected] of cases) {
      it(`refuses on ${name} when the answer is ${answer}`, { timeout: TIMEOUT_MS }, async () => {
        await using backend = await ScriptedBackend.start({});
        const token = await authorize(port, backend);
        await cell.compute.answer(answer);
        assert.equal(await refused(port, patient, token), expected[name]);
        assert.equal(backend.connections, 0);
        await cell.compute.answer("ports");
        await opens(port, patient, token);
      });
    }

    it(
      `refuses on ${name} within connect_timeout when there is no answer`,
      { timeout: TIMEOUT_MS },
      async () => {
        await using backend = await ScriptedBackend.start({});
        const token = await authorize(port, backend);
        await cell.compute.answer("nothing");
        assert.equal(await refused(port, impatient, token), UNAVAILABLE[name]);
        assert.equal(backend.connections, 0);
        const front = name === "6080" ? "novnc" : "xvp";
        const record = await until("the session's log line", () =>
          impatient.log.split("\n").find((line) => line.includes(`session closed front=${front}`)),
        );
        assert.match(record, /reason=token-store-unavailable/);
        const { port: brokerPort } = cell.queue;
        const asked = `nova-compute on compute1 was asked whose port it is: validate_console_port for compute.compute1 at rabbit://127.0.0.1:${brokerPort}/ was not answered within`;
        assert.ok(record.includes(asked), record);
        const durationMs = Number(/durationMs=(\d+)/.exec(record)?.at(1));
        assert.ok(durationMs >= 900 && durationMs < 5_000, record);
        await cell.compute.answer("ports");
      },
    );

    it(
      `refuses on ${name} the token of a deleted instance whose port is another's now`,
      { timeout: TIMEOUT_MS },
      async () => {
        await using backend = await ScriptedBackend.start({});
        const first = await authorize(port, backend);
        await opens(port, patient, first);
        // As nova does it, which takes the token along.
        await cell.compute.deleteInstance(first);
        const second = await authorize(port, backend);
        const { connections } = backend;
        assert.equal(await refused(port, patient, first), INVALID[name]);
        // The instance alone, which leaves the token.
        await cell.compute.deleteInstanceRow(second);
        const third = await authorize(port, backend);
        assert.equal(await refused(port, patient, second), INVALID[name]);
        // The instance lives, and its host has given the port away.
        await cell.compute.losePort(third);
        const fourth = await authorize(port, backend);
        assert.equal(await refused(port, patient, third), INVALID[name]);
        assert.equal(backend.connections, connections);
        await opens(port, patient, fourth);
      },
    );
  }

  it(
    "refuses at once, with the reason, while RabbitMQ blocks publishers",
    { timeout: 2 * TIMEOUT_MS },
    async () => {
      const port = viewerPorts[1];
      assert.ok(port !== undefined);
      await using backend = await ScriptedBackend.start({});
      const token = await authorize(port, backend);
      await cell.queue.ctl("set_vm_memory_high_watermark", "0.0000001");
      const begun = performance.now();
      assert.equal(await refused(port, patient, token), UNAVAILABLE["6081"]);
      const took = performance.now() - begun;
      assert.ok(took < 2_000, `it was refused after ${took} ms`);
      assert.equal(backend.connections, 0);
      const blocks =
        /session closed front=xvp-connect .*the broker blocks publishers: memory alarm/;
      await until("the session's log line", () => blocks.test(patient.log));
      await cell.queue.ctl("set_vm_memory_high_watermark", "0.6");
      await until("nova-compute to confirm", async () => (await statusOf(patient, token)) === 200);
    },
  );

  it(
    "refuses while the message queue is away, and opens when it is back",
    { timeout: 2 * TIMEOUT_MS },
    async () => {
      const port = viewerPorts[1];
      assert.ok(port !== undefined);
      await using backend = await ScriptedBackend.start({});
      const token = await authorize(port, backend);
      await cell.queue.kill();
      assert.equal(await refused(port, patient, token), UNAVAILABLE["6081"]);
      assert.equal(backend.connections, 0);
      await cell.queue.resume();
      // nova-compute needs its time to come back as well.
      await until("nova-compute to confirm", async () => (await statusOf(patient, token)) === 200);
      await opens(port, patient, token);
    },
  );

  function authorize(port: ViewerPort, backend: ScriptedBackend): Promise<string> {
    return cell.authorize(backend.endpoint.host, backend.endpoint.port, port.type);
  }
});

/** The access URL that nova would make for this installation. */
function urlOf(port: ViewerPort, { novncPort, xvpPort }: Installation, token: string): URL {
  return new URL(
    port.type === "novnc"
      ? `http://127.0.0.1:${novncPort}/vnc_lite.html?path=%3Ftoken%3D${token}`
      : `http://127.0.0.1:${xvpPort}/console?token=${token}`,
  );
}

async function opens(port: ViewerPort, installation: Installation, token: string): Promise<void> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const channel = await port.open(urlOf(port, installation, token), signal);
  const viewer = await RfbViewer.open(channel, signal);
  assert.equal(viewer.desktopName, "scripted");
  viewer.channel.destroy();
}

/** Asks for a console that is not to open. @returns how the port says so */
async function refused(
  port: ViewerPort,
  installation: Installation,
  token: string,
): Promise<number> {
  if (port.type === "xvpvnc") return statusOf(installation, token);
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const url = urlOf(port, installation, token);
  const viewer = await openWebSocket(webSocketUrl(url));
  await assert.rejects(RfbViewer.open(viewer.channel, signal), { name: "RfbRefusedError" });
  return (await viewer.closed).code;
}

/** What 6081 answers. */
async function statusOf({ xvpPort }: Installation, token: string): Promise<number> {
  const url = new URL(`http://127.0.0.1:${xvpPort}/console?token=${token}`);
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const { status, channel } = await openXvp({ method: "CONNECT", url }, signal);
  channel.destroy();
  return status;
}
