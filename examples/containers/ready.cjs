// Health check of a container with a proxy: exit status 0 if GET /readyz answers 200 at its admin address.
//
// The address is the one that the proxy itself has, from its command line and configuration: [console_proxy]
// admin_listen. Argument: the process number of the proxy; without one the container's first process.
"use strict";

const { execFileSync } = require("node:child_process");
const { readFileSync } = require("node:fs");
const { get } = require("node:http");

const LIMIT_MS = 10_000;
/** Addresses that a program listens on and nobody connects to. */
const LOOPBACK = { "0.0.0.0": "127.0.0.1", "::": "::1" };

/** The words that the proxy was started with. With `--init` the first process is another program, and a `--` follows it. */
function commandOf(pid) {
  const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
  return words[1] === "--" ? words.slice(2) : words;
}

function adminListen([command, ...args]) {
  const printed = execFileSync(command, [...args, "--print-config", "json"], { timeout: LIMIT_MS });
  return JSON.parse(printed).values.console_proxy.admin_listen;
}

function target(address) {
  if (address.startsWith("unix:")) return { socketPath: address.slice("unix:".length) };
  const [, host, port] = /^\[?(.*?)\]?:(\d+)$/.exec(address);
  return { host: LOOPBACK[host] ?? host, port };
}

const address = adminListen(commandOf(process.argv[2] ?? "1"));
if (address === null)
  throw new Error("[console_proxy] admin_listen is not set: nothing can be asked");
const request = get({ ...target(address), path: "/readyz", timeout: LIMIT_MS }, (answer) => {
  answer.pipe(process.stdout);
  process.exitCode = answer.statusCode === 200 ? 0 : 1;
});
request.on("timeout", () => request.destroy(new Error(`${address} did not answer`)));
