import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { installTree } from "../install-tree.ts";
import { renderManuals } from "../man/render-manuals.ts";
import { customs, packages, type Package } from "../packages.ts";
import { repository, version } from "../programs.ts";
import { debianChangelog } from "./changelog.ts";
import { copyright } from "./copyright.ts";
import { nodejsTree, nodejsVersion } from "../nodejs-tree.ts";

const TEMPLATES = path.join(repository, "packaging/files/debian");
const NODEJS = "nova-console-nodejs";

/** Longest that debhelper may take. */
const LIMIT_MS = 300_000;

/** How the .debs are made. */
export interface BuildDebsOptions {
  /** Folder for them, made if it isn't there. */
  readonly output: string;
  /** Age of all that is inside, in seconds since the epoch. */
  readonly date: number;
}

/**
 * Builds the .debs.
 *
 * debhelper makes the maintainer scripts, by Debian's policy, and the archives; what is in them comes from installTree.
 * The programs must be built. The same sources and date give the same .debs, byte for byte.
 *
 * @returns their paths
 * @throws Error if debhelper fails, with what it said
 * @see debhelper(7)
 */
export async function buildDebs({ output, date }: BuildDebsOptions): Promise<string[]> {
  const top = mkdtempSync(path.join(tmpdir(), "debhelper-"));
  try {
    const source = path.join(top, "source");
    await layOut(source, date);
    debhelper(source, date);
    mkdirSync(output, { recursive: true });
    return globSync("*.deb", { cwd: top }).map((file) => {
      cpSync(path.join(top, file), path.join(output, file));
      return path.join(output, file);
    });
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
}

/** Makes what a source package of Debian is: the folder `debian`, and what is to be packed. */
async function layOut(source: string, date: number): Promise<void> {
  const manuals = renderManuals(date);
  const debian = path.join(source, "debian");
  mkdirSync(debian, { recursive: true });
  for (const file of ["control", "rules"]) {
    cpSync(path.join(TEMPLATES, file), path.join(debian, file));
  }
  chmodSync(path.join(debian, "rules"), 0o755);
  writeFileSync(path.join(debian, "changelog"), debianChangelog(version(), date));
  const put = (file: string, text: string): void => {
    writeFileSync(path.join(debian, file), text);
  };
  for (const pack of packages.deb) {
    const tree = path.join(source, "trees", pack.name);
    await installTree({ family: "deb", pack, manuals, destination: tree, date });
    put(`${pack.name}.copyright`, copyright(path.join(tree, customs.deb.licences(pack.name))));
    put(`${pack.name}.install`, `trees/${pack.name}/* /\n`);
    if (pack.programs.every(({ service }) => service === null)) {
      put(`${pack.name}.lintian-overrides`, filled("lintian-overrides", pack));
      continue;
    }
    // Where units are before Debian 13.
    mkdirSync(path.join(tree, "lib"));
    renameSync(path.join(tree, "usr/lib/systemd"), path.join(tree, "lib/systemd"));
    for (const script of ["postinst", "prerm", "postrm"])
      put(`${pack.name}.${script}`, filled(script, pack));
    const overrides = filled("lintian-overrides", pack) + filled("lintian-overrides-service", pack);
    put(`${pack.name}.lintian-overrides`, overrides);
  }
  const licence = nodejsTree(path.join(source, "trees", NODEJS));
  cpSync(licence, path.join(debian, `${NODEJS}.copyright`));
  put(`${NODEJS}.postinst`, template("nodejs-postinst"));
  put(`${NODEJS}.install`, `trees/${NODEJS}/* /\n`);
  const overrides = template("lintian-overrides").replaceAll("@program@", NODEJS);
  put(`${NODEJS}.lintian-overrides`, overrides + template("lintian-overrides-nodejs"));
}

function debhelper(source: string, date: number): void {
  const environment = {
    ...process.env,
    SOURCE_DATE_EPOCH: String(date),
    NODEJS_VERSION: nodejsVersion(),
    LC_ALL: "C.UTF-8",
  };
  const { status, stdout } = spawnSync("sh", ["-c", "debian/rules binary 2>&1"], {
    cwd: source,
    env: environment,
    encoding: "utf8",
    timeout: LIMIT_MS,
  });
  if (status !== 0) throw new Error(`debian/rules ended with ${String(status)}:\n${stdout}`);
}

function filled(file: string, { name }: Package): string {
  return template(file).replaceAll("@program@", name);
}

function template(file: string): string {
  return readFileSync(path.join(TEMPLATES, file), "utf8");
}
