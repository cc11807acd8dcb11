// What has to be there before anything else can run. Plain JavaScript for any Node from 20.11 on,
// importing only node:*: it runs before the first "npm ci".
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

/** The repository's folder. */
export const root = path.resolve(import.meta.dirname, "..");

/** Node as package.json pins it, whatever the machine has. */
export const pinnedNode = path.join(root, "node_modules", ".bin", "node");

const stampFile = path.join(root, "node_modules", ".lock-file-digest");

/** Runs `npm ci` unless node_modules is what package-lock.json says. */
export async function installDependencies() {
  const lockFile = readFileSync(path.join(root, "package-lock.json"));
  const digest = createHash("sha256").update(lockFile).digest("hex");
  const installed = existsSync(stampFile) ? readFileSync(stampFile, "utf8") : null;
  if (installed === digest && existsSync(pinnedNode)) return;
  say("Installing npm packages (the first time only, about a minute) ...");
  const npm = process.env.npm_execpath;
  const [command, args] = npm === undefined ? ["npm", []] : [process.execPath, [npm]];
  await run(command, [...args, "ci", "--no-audit", "--no-fund", "--loglevel=error"]);
  if (spawnSync(pinnedNode, ["--version"]).status !== 0) {
    fail(`The pinned Node.js was not installed: npm must be allowed to run the install script
of the package "node" (package.json, "allowScripts"). See: npm help approve-scripts`);
  }
  writeFileSync(stampFile, digest);
}

/** Builds every package; what did not change since the last time is not built again. */
export async function build() {
  const turbo = path.join(root, "node_modules", ".bin", "turbo");
  await run(turbo, ["run", "build", "--output-logs=errors-only", "--log-prefix=none"], {
    quiet: true,
  });
}

/**
 * Runs a command to its end and ends this process with its status if that is not 0.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{quiet?: boolean}} [options] quiet: what it prints is shown only if it fails
 */
export async function run(command, args, { quiet = false } = {}) {
  const child = spawn(command, args, {
    cwd: root,
    env: toolEnvironment(),
    stdio: quiet ? ["ignore", "pipe", "pipe"] : "inherit",
  });
  const output = [];
  child.stdout?.on("data", (chunk) => output.push(chunk));
  child.stderr?.on("data", (chunk) => output.push(chunk));
  const status = await exitStatus(child);
  if (status === 0) return;
  process.stderr.write(Buffer.concat(output));
  fail(`${path.basename(command)} ${args.join(" ")} failed with status ${String(status)}`, status);
}

/**
 * Runs a program in the foreground: its exit status becomes ours, and it gets the signals we get.
 *
 * @param {string} command
 * @param {readonly string[]} args
 */
export async function hand(command, args) {
  const child = spawn(command, args, { cwd: root, env: toolEnvironment(), stdio: "inherit" });
  // Ctrl-C reaches the whole process group; a signal to this process alone is passed on.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  process.exitCode = await exitStatus(child);
}

/** @param {string} text */
export function say(text) {
  process.stderr.write(`${text}\n`);
}

/**
 * @param {string} text
 * @param {number} [status]
 * @returns {never}
 */
export function fail(text, status = 1) {
  say(text);
  process.exit(status);
}

/** The pinned Node first on the path; no reports to anybody. */
function toolEnvironment() {
  const bin = path.dirname(pinnedNode);
  return {
    ...process.env,
    PATH: `${bin}${path.delimiter}${process.env.PATH ?? ""}`,
    TURBO_TELEMETRY_DISABLED: "1",
    TURBO_NO_UPDATE_NOTIFIER: "1",
    DO_NOT_TRACK: "1",
  };
}

/** @returns {Promise<number>} */
function exitStatus(child) {
  return new Promise((resolve) => {
    child.on("error", (error) => {
      say(error.message);
      resolve(127);
    });
    child.on("exit", (code, signal) => resolve(code ?? (signal === null ? 1 : 128)));
  });
}
