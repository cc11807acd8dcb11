import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { run, TempDir } from "@nova-console/test/support";

/**
 * Packs a .deb again as the next revision, so that it is an upgrade of itself.
 *
 * @param output - folder, made if it isn't there
 * @returns its path
 */
export async function nextVersion(deb: string, output: string): Promise<string> {
  await using work = await TempDir.create();
  const tree = work.file("tree");
  await mustRun("dpkg-deb", "--raw-extract", deb, tree);
  const control = path.join(tree, "DEBIAN/control");
  const text = readFileSync(control, "utf8");
  writeFileSync(control, text.replace(/^(Version: .*-)1$/m, "$12"));
  mkdirSync(output, { recursive: true });
  const next = path.join(output, path.basename(deb).replace("-1_", "-2_"));
  await mustRun("dpkg-deb", "--root-owner-group", "-Zxz", "-z1", "--build", tree, next);
  return next;
}

async function mustRun(command: string, ...args: readonly string[]): Promise<void> {
  const { status, stderr } = await run(command, args);
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr}`);
}
