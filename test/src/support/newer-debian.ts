import { mkdirSync } from "node:fs";
import path from "node:path";
import { run } from "./run.ts";

const RELEASE = "trixie";
/** Longest that it may take to make one, or to wait for another test that makes it. */
const LIMIT_S = "600";
/** Ignored by git. */
const FOLDER = path.resolve(import.meta.dirname, "../../../packaging/build/newer-debian");

/**
 * Makes a root file system of the Debian release after this machine's, once; later calls find it. It is fetched from where
 * this machine's apt fetches its own release. Nobody may write to it.
 *
 * @param packages - what is installed in it
 * @returns its folder
 * @see mmdebstrap(1)
 */
export async function newerDebian(packages: readonly string[]): Promise<string> {
  const folder = path.join(FOLDER, packages.join("+"));
  mkdirSync(FOLDER, { recursive: true });
  // Tests run side by side: the first one makes it, the others wait.
  const script = `test -d "$1" || {
    rm -rf "$1.new"
    mmdebstrap --quiet --variant=minbase --include="$2" ${RELEASE} "$1.new" "$3" && mv "$1.new" "$1"
  }`;
  const { status, stderr } = await run("timeout", [
    ...[LIMIT_S, "flock", `${folder}.lock`, "sh", "-c", script, "sh"],
    ...[folder, packages.join(), await mirror()],
  ]);
  if (status !== 0) throw new Error(`mmdebstrap failed with status ${String(status)}:\n${stderr}`);
  return folder;
}

async function mirror(): Promise<string> {
  const { stdout } = await run("apt-get", [
    ...["indextargets", "--format", "$(REPO_URI)"],
    ...["Created-By: Packages", "Origin: Debian", "Label: Debian", "Component: main"],
  ]);
  const [first = ""] = stdout.split("\n");
  if (first === "") throw new Error("apt knows no index of Debian: run apt-get update");
  return first;
}
