/**
 * Measures what live consoles and new ones notice while the embedded store's file is locked, replaced,
 * on a full disk, or gone: `node test/src/measure-store-trouble.ts [SECONDS]` after a build, as root
 * (it mounts a small tmpfs), on a machine that does nothing else.
 */
import { writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { Installation } from "./support/installation.ts";
import { output } from "./support/run.ts";
import { type Ended, type Load, type Seen, StoreLoad } from "./support/store-load.ts";
import { TempDir } from "./support/temp-dir.ts";
import { fillDisk, lock, remove, replaceByLocked, type Trouble } from "./support/store-trouble.ts";

const SECONDS = Number(process.argv[2] ?? 60);
const SECRET = "a-secret-of-the-measurement";
const CONNECT_TIMEOUT_SECONDS = 5;
const LOAD: Load = { consoles: 100, opensPerSecond: 60, keysPerSecond: 4, limitMs: 30_000 };

const troubles: Readonly<Record<string, (path: string) => Promise<Trouble>>> = {
  "locked by a writer": lock,
  "replaced by a locked file": replaceByLocked,
  "on a full disk": fillDisk,
  deleted: remove,
};

function percentile(values: readonly number[], part: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) * part)] ?? 0).toFixed(1);
}

function report(name: string, { echoes, opens }: Seen): void {
  process.stdout.write(
    `${name}: ${echoes.length} keys, echo ms p50 ${percentile(echoes, 0.5)} p99 ${percentile(echoes, 0.99)} longest ${percentile(echoes, 1)}\n`,
  );
  for (const what of ["6080", "6081", "consoleauth"]) {
    const asked = opens.filter((each) => each.what === what);
    const reasons = new Set(asked.filter(({ served }) => !served).map(({ reason }) => reason));
    const times = asked.map(({ tookMs }) => tookMs);
    process.stdout.write(
      `  ${what}: ${asked.length} asked, ${asked.filter(({ served }) => served).length} served, ms p50 ${percentile(times, 0.5)} longest ${percentile(times, 1)}${[...reasons].map((reason) => `\n    ${reason}`).join("")}\n`,
    );
  }
}

/** Milliseconds from `since` to the last refusal. */
function lastRefusal(opens: readonly Ended[], since: number): number {
  const refused = opens.filter(({ served }) => !served);
  return Math.max(0, ...refused.map(({ startedAt, tookMs }) => startedAt + tookMs - since));
}

async function measure(name: string, begin: (path: string) => Promise<Trouble>): Promise<void> {
  await using owned = new AsyncDisposableStack();
  const disk = owned.use(await TempDir.create());
  await output("mount", ["-t", "tmpfs", "-o", "size=16m,mode=700", "tmpfs", disk.path]);
  owned.defer(async () => {
    await output("umount", ["--lazy", disk.path]);
  });
  const installation = owned.use(
    await Installation.create({
      conf: {
        DEFAULT: { debug: "false", state_path: disk.path },
        console_proxy: {
          ...{ workers: 2, connect_timeout: CONNECT_TIMEOUT_SECONDS },
          ...{ max_sessions_per_token: 10_000, max_sessions: 10_000 },
        },
      },
    }),
  );
  const secretFile = installation.directory.file("secret");
  await writeFile(secretFile, SECRET, { mode: 0o600 });
  const consoleauth = await installation.startConsoleauth([
    ...["--consoleauth-api_listen", "127.0.0.1:0", "--consoleauth-api_secret_file", secretFile],
  ]);
  const [, address = ""] = await consoleauth.printed(/HTTP API on (\S+?),? *\n/);
  await Promise.all([installation.startNovncproxy(), installation.startXvpvncproxy()]);
  const api = { base: `http://${address}`, secret: SECRET };
  const load = owned.use(await StoreLoad.start(api, LOAD));
  report("before", await load.during(delay(5_000)));
  const trouble = await begin(disk.file("consoles.sqlite"));
  owned.defer(() => trouble.end());
  report(name, await load.during(delay(SECONDS * 1_000)));
  await trouble.end();
  const returned = performance.now();
  let renewed = "not within 3 s";
  const renewing = async (): Promise<void> => {
    while (performance.now() - returned < 3_000) {
      try {
        await load.renew();
        renewed = `${(performance.now() - returned).toFixed(0)} ms`;
        return;
      } catch {
        // Not yet: asked again.
      }
    }
  };
  await renewing();
  const after = await load.during(delay(3_000));
  report("after", after);
  const ended = /gave no sign of life|a worker died/.test(installation.log);
  process.stdout.write(
    `  a token again after ${renewed}; last refusal ${lastRefusal(after.opens, returned).toFixed(0)} ms after the return; workers killed: ${String(ended)}\n\n`,
  );
}

for (const [name, begin] of Object.entries(troubles)) await measure(name, begin);
