import { copyFileSync, globSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { run } from "@nova-console/test/support";

/** Packages of a distribution that ours meet, as far as they meet: `stubs/NAME.spec`. */
const NAMES = ["host", "nodejs", "openstack-nova-common", "python-novncproxy"] as const;

/** Name of a stand-in for a distribution's package. */
export type StubName = (typeof NAMES)[number];

/**
 * Builds the stand-ins. The nodejs among them holds the Node.js that runs this.
 *
 * @param output - an existing folder
 * @returns their paths
 */
export async function buildStubRpms(output: string): Promise<Readonly<Record<StubName, string>>> {
  const built = await Promise.all(NAMES.map(async (name) => [name, await build(name, output)]));
  return Object.fromEntries(built) as Record<StubName, string>;
}

async function build(name: StubName, output: string): Promise<string> {
  const top = mkdtempSync(path.join(tmpdir(), "stub-rpm-"));
  try {
    const defines = {
      _topdir: top,
      node_version: process.versions.node,
      node_path: process.execPath,
    };
    const { status, stdout, stderr } = await run("rpmbuild", [
      ...Object.entries(defines).flatMap(([macro, value]) => ["--define", `${macro} ${value}`]),
      ...["-bb", path.join(import.meta.dirname, "stubs", `${name}.spec`)],
    ]);
    const [file] = globSync("RPMS/*/*.rpm", { cwd: top });
    if (status !== 0 || file === undefined) throw new Error(`${name}: ${stdout}${stderr}`);
    const target = path.join(output, path.basename(file));
    copyFileSync(path.join(top, file), target);
    return target;
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
}
