/**
 * Loads the page 600 times in 10 s from one address through HAProxy in HTTP mode, and prints how many
 * loads had which status: `node test/src/measure-page-loads.ts [LOADS [SECONDS]]` after a build. It
 * fails unless all are 200.
 */
import { Haproxy } from "./support/haproxy.ts";
import { Installation } from "./support/installation.ts";
import { loadPages } from "./support/page-loads.ts";

const [loads = "600", seconds = "10"] = process.argv.slice(2);
/** A connection to the proxy for each of a browser's: each stays open after its answer. */
const NEVER = "http-reuse never";
/** As HAProxy comes; as it costs the proxy most; and as it should be set up. */
const ways = [
  { name: "HAProxy's own way", conf: {}, lines: [] },
  { name: NEVER, conf: {}, lines: [NEVER] },
  {
    name: `${NEVER}, X-Forwarded-For and trusted_proxies`,
    conf: { trusted_proxies: "127.0.0.2" },
    lines: [NEVER, "option forwardfor"],
  },
];
for (const { name, conf, lines } of ways) {
  await using installation = await Installation.create({ conf: { console_proxy: conf } });
  await installation.startNovncproxy();
  await using haproxy = await Haproxy.start(installation, { mode: "http", lines });
  const options = { port: haproxy.port, loads: Number(loads), withinMs: Number(seconds) * 1000 };
  const counts = await loadPages(options);
  console.log(`${loads} page loads in ${seconds} s, ${name}:`, counts);
  if (counts[200] !== Number(loads)) process.exitCode = 1;
}
