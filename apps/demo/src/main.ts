import { join } from "node:path";
import { parseDemoOptions, usage } from "./demo-options.ts";
import { DemoError } from "./errors.ts";
import { runQuickstart } from "./quickstart.ts";

const stop = new AbortController();
// For as long as the process lives: a second Ctrl-C must not end it before it has cleaned up.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    stop.abort();
  });
}

try {
  const options = parseDemoOptions(process.argv.slice(2));
  if (options === null) process.stdout.write(usage);
  else {
    await runQuickstart(options, {
      node: process.execPath,
      appsDirectory: join(import.meta.dirname, "../.."),
      signal: stop.signal,
      print: (text) => process.stdout.write(text),
      now: () => new Date(),
    });
  }
} catch (error) {
  if (!(error instanceof DemoError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error.exitStatus;
}
