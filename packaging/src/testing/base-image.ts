import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { run } from "@nova-console/test/support";
import { repository } from "../programs.ts";

/** Beside what Debian calls required: systemd, what packages of both kinds are installed with, and the guide's tools. */
const PACKAGES = [
  ...["systemd", "systemd-sysv", "dbus", "adduser", "logrotate", "iproute2", "iptables"],
  ...["rpm", "dnf"],
];

/** Longest that it may take to make one, or to wait for another test that makes it. */
const LIMIT_S = "600";

/**
 * Makes a root file system of this machine's own Debian release, once; later calls find it.
 *
 * Where it is fetched from is what this machine's apt says. Nobody may write to it.
 *
 * @returns its folder, below `packaging/build/`
 * @see mmdebstrap(1)
 */
export async function baseImage(): Promise<string> {
  if (process.getuid?.() !== 0) {
    throw new Error("a machine with a systemd of its own can be started by root only: run as root");
  }
  const sources = await aptSources();
  const recipe = JSON.stringify([PACKAGES, sources]);
  const digest = createHash("sha256").update(recipe).digest("hex").slice(0, 12);
  const folder = path.join(repository, "packaging/build/machine", digest);
  if (existsSync(folder)) return folder;
  mkdirSync(path.dirname(folder), { recursive: true });
  // Tests run side by side: the first one makes it, the others wait.
  const script = `test -d "$1" || {
    rm -rf "$1.new"
    printf %s "$2" | mmdebstrap --quiet --variant=minbase --include="$3" "" "$1.new" - && mv "$1.new" "$1"
  }`;
  const { status, stderr } = await run("timeout", [
    ...[LIMIT_S, "flock", `${folder}.lock`, "sh", "-c", script, "sh"],
    ...[folder, sources, PACKAGES.join()],
  ]);
  if (status !== 0) throw new Error(`mmdebstrap failed with status ${String(status)}:\n${stderr}`);
  return folder;
}

/** Of where this machine's apt looks, the places of the distribution itself. @see apt-get(8), indextargets */
async function aptSources(): Promise<string> {
  const release = readFileSync("/etc/os-release", "utf8");
  const codename = /^VERSION_CODENAME=(.+)$/m.exec(release)?.at(1) ?? "";
  const { stdout } = await run("apt-get", [
    ...["indextargets", "--format", "deb $(REPO_URI) $(RELEASE) $(COMPONENT)"],
    ...["Created-By: Packages", "Origin: Debian"],
  ]);
  const lines = stdout.split("\n").filter((line) => line.includes(` ${codename}`));
  if (lines.length === 0) throw new Error("apt knows no index of Debian: run apt-get update");
  return `${[...new Set(lines)].join("\n")}\n`;
}
