import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { ConsoleStage, type Proxy, type Screen } from "./support/console-stage.ts";
import { descendants } from "./support/memory.ts";
import { run } from "./support/run.ts";
import { startOnSocket, startWithDescriptor } from "./support/socket-unit.ts";
import { accepting } from "./support/tcp.ts";

const TIMEOUT_MS = 120_000;
const RESTARTS = 3;

describe("a socket that systemd passes", { timeout: 8 * TIMEOUT_MS }, () => {
  const timeout = TIMEOUT_MS;
  const signal = AbortSignal.timeout(8 * TIMEOUT_MS);

  for (const proxy of ["nova-novncproxy", "nova-xvpvncproxy"] satisfies Proxy[]) {
    for (const settings of [
      { workers: 1, on_stop: "drain" },
      { workers: 1, on_stop: "leave" },
      { workers: 2, on_stop: "leave" },
    ]) {
      it(
        `is what ${proxy} accepts from, with ${settings.workers} worker(s) and on_stop = ${settings.on_stop}`,
        { timeout },
        async () => {
          await using stage = await ConsoleStage.create(signal, settings);
          const port = stage.portOf(proxy);
          const { confPath } = stage.installation;
          await using unit = await startOnSocket(proxy, port, ["--config-file", confPath]);
          await accepting(unit, { host: "127.0.0.1", port });
          await unit.printed(
            new RegExp(`ready: listening on 127.0.0.1:${port} \\(systemd's socket\\)`),
          );
          const screen = await stage.open(proxy, await stage.authorize(proxy));
          await screen.echoes();
          for (const pid of await descendants(unit.pid)) {
            const environment = await readFile(`/proc/${pid}/environ`, "latin1");
            const command = await readFile(`/proc/${pid}/cmdline`, "latin1");
            // The primary process was given them; what it starts is not.
            if (command.includes("max-semi-space")) assert.doesNotMatch(environment, /LISTEN_/);
          }
        },
      );
    }

    it(
      `refuses no connection to ${proxy} while it restarts ${RESTARTS} times, and cuts no console`,
      { timeout },
      async () => {
        await using stage = await ConsoleStage.create(signal, { workers: 2, on_stop: "leave" });
        const port = stage.portOf(proxy);
        const { confPath } = stage.installation;
        await using unit = await startOnSocket(proxy, port, ["--config-file", confPath]);
        const url = await stage.authorize(proxy);
        const screens: Screen[] = [await stage.open(proxy, url)];
        let restarting = true;
        let opened = 0;
        const restarts = async (): Promise<void> => {
          for (let times = 1; times <= RESTARTS; times++) {
            const [, primary] = await unit.printed(
              new RegExp(
                `(?:ready: listening on [^]*){${times - 1}} (\\d+) INFO .*ready: listening`,
              ),
            );
            process.kill(Number(primary), "SIGTERM");
            await unit.printed(new RegExp(`(?: stopped[^]*){${times}}`));
          }
          await unit.printed(new RegExp(`(?:ready: listening on [^]*){${RESTARTS + 1}}`));
          restarting = false;
        };
        const viewers = async (): Promise<void> => {
          while (restarting) {
            const screen = await stage.open(proxy, url);
            await screen.echoes();
            screen.close();
            await screen.closed;
            opened++;
          }
        };
        await Promise.all([restarts(), viewers()]);
        assert.ok(opened > RESTARTS);
        for (const screen of screens) await screen.echoes();
      },
    );
  }

  it("keeps the queue that its unit gave it", { timeout }, async () => {
    await using stage = await ConsoleStage.create(signal, { workers: 2 });
    const { confPath, novncPort: port } = stage.installation;
    await using unit = await startOnSocket("nova-novncproxy", port, ["--config-file", confPath]);
    // systemd-socket-activate asks for the longest that the kernel gives.
    const longest = Number(await readFile("/proc/sys/net/core/somaxconn", "latin1"));
    await accepting(unit, { host: "127.0.0.1", port });
    await unit.printed(/ready: listening/);
    const { stdout } = await run("ss", ["-Hltn", `sport = :${port}`]);
    assert.match(stdout, new RegExp(`^LISTEN +\\d+ +${Math.min(longest, 4_096)} `));
  });

  it("counts where nova.conf says another address, and that is told", { timeout }, async () => {
    await using stage = await ConsoleStage.create(signal);
    const { confPath, novncPort } = stage.installation;
    const args = ["--config-file", confPath, "--vnc-novncproxy_host", "127.0.0.2"];
    await using unit = await startOnSocket("nova-novncproxy", novncPort, args);
    await accepting(unit, { host: "127.0.0.1", port: novncPort });
    await unit.printed(/novncproxy_host is 127\.0\.0\.2, but the socket .* on 127\.0\.0\.1/);
    await unit.printed(new RegExp(`ready: listening on 127.0.0.1:${novncPort} `));
  });

  for (const [what, redirection, count, says] of [
    ["a file", "3</dev/null", 1, /does not listen for TCP.*ListenStream=/],
    ["nothing at all", "3<&-", 1, /does not listen for TCP/],
    ["two sockets", "3</dev/null", 2, /systemd passed 2 sockets, must be one/],
  ] as const) {
    it(`is refused with status 2 when it is ${what}`, { timeout }, async () => {
      await using stage = await ConsoleStage.create(signal);
      const args = ["--config-file", stage.installation.confPath];
      await using program = await startWithDescriptor("nova-novncproxy", redirection, args, count);
      assert.deepEqual(await program.ended, { status: 2, signal: null });
      assert.match(program.stderr, says);
    });
  }

  it("is refused with status 2 when it has another port", { timeout }, async () => {
    await using stage = await ConsoleStage.create(signal);
    const { confPath, novncPort, xvpPort } = stage.installation;
    const args = ["--config-file", confPath];
    await using unit = await startOnSocket("nova-novncproxy", xvpPort, args);
    await accepting(unit, { host: "127.0.0.1", port: xvpPort });
    await unit.printed(
      new RegExp(`\\[vnc\\] novncproxy_port is ${novncPort}, and .* listens on ${xvpPort}`),
    );
  });

  it("is refused by nova-consoleauth, which has no port", { timeout }, async () => {
    await using stage = await ConsoleStage.create(signal);
    const { confPath, novncPort } = stage.installation;
    await using unit = await startOnSocket("nova-consoleauth", novncPort, [
      ...["--config-file", confPath],
    ]);
    await accepting(unit, { host: "127.0.0.1", port: novncPort });
    await unit.printed(/systemd passed a socket, and nova-consoleauth takes none/);
  });
});
