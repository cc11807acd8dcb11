// The real clients and servers that the tests and the benchmark run against.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { fail, root, run, say } from "./set-up.mjs";

/**
 * Installs what a folder's debian-packages.txt lists and the machine lacks; needs root for it.
 *
 * @param {"test" | "bench"} folder
 */
export async function installDebianPackages(folder) {
  const missing = wantedPackages(folder).filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  const names = missing.join(" ");
  const command = `apt-get install --no-install-recommends ${names}`;
  if (spawnSync("apt-get", ["--version"]).status !== 0) {
    fail(`This needs these Debian packages, and this system has no apt-get: ${names}`);
  }
  if (process.getuid?.() !== 0) fail(`More packages are needed. As root:\n  ${command}`);
  say(`Installing Debian packages: ${names}`);
  process.env.DEBIAN_FRONTEND = "noninteractive";
  await run("apt-get", ["update", "-q"], { quiet: true });
  await run("apt-get", ["install", "-q", "-y", "--no-install-recommends", ...missing], {
    quiet: true,
  });
}

function wantedPackages(folder) {
  const list = readFileSync(path.join(root, folder, "debian-packages.txt"), "utf8");
  return list
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim())
    .filter((line) => line !== "");
}

function isInstalled(name) {
  const query = spawnSync("dpkg-query", ["-W", "-f=${db:Status-Status}", name], {
    encoding: "utf8",
  });
  return query.status === 0 && query.stdout === "installed";
}
