import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { nodejsTree, nodejsVersion } from "../nodejs-tree.ts";
import { repository } from "../programs.ts";
import type { BuildRpmsOptions } from "./build-rpms.ts";
import { changelogDate, collect, rpmbuild } from "./rpmbuild.ts";

const SPEC = path.join(repository, "packaging/rpm/nova-console-nodejs.spec");
const LICENCES = "usr/share/licenses/nova-console-nodejs";

/**
 * Builds the RPM of the pinned Node.js, for the kind of processor that this runs on.
 *
 * It has no source RPM: nothing is compiled, and the program is the one that npm has.
 *
 * @returns its path
 * @throws Error if rpmbuild fails, with what it said
 */
export function buildNodejsRpm({ output, release, date }: BuildRpmsOptions): string {
  const top = mkdtempSync(path.join(tmpdir(), "rpmbuild-"));
  try {
    const tree = path.join(top, "tree");
    const licence = nodejsTree(tree);
    mkdirSync(path.join(tree, LICENCES), { recursive: true });
    cpSync(licence, path.join(tree, LICENCES, "LICENSE"));
    const known = {
      node_version: nodejsVersion(),
      upstream_release: release,
      upstream_date: changelogDate(date),
      tree,
    };
    const globals = Object.entries(known).map(([name, value]) => `%global ${name} ${value}\n`);
    const spec = path.join(top, "nova-console-nodejs.spec");
    writeFileSync(spec, globals.join("") + readFileSync(SPEC, "utf8"));
    rpmbuild("-bb", { top, spec, date });
    const [file] = collect(top, "RPMS/*/*.rpm", output);
    if (file === undefined) throw new Error("rpmbuild made no RPM of Node.js");
    return file;
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
}
