import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { installTree } from "../install-tree.ts";
import { bundledLibraries, type Library } from "../licences.ts";
import { renderManuals } from "../man/render-manuals.ts";
import { customs, packages } from "../packages.ts";
import { repository, version } from "../programs.ts";
import { rpmFileList } from "./file-list.ts";
import { changelogDate, collect, rpmbuild, runTool } from "./rpmbuild.ts";

const SPEC = path.join(repository, "packaging/rpm/nova-console.spec");

/** How the RPMs are made. */
export interface BuildRpmsOptions {
  /** Folder for them, made if it isn't there. */
  readonly output: string;
  /** RPM's Release. */
  readonly release: string;
  /** Age of all that is inside, in seconds since the epoch. */
  readonly date: number;
}

/**
 * Builds the RPMs, and the source RPM that gives them again without npm.
 *
 * The programs must be built. The same sources, release and date give the same RPMs, byte for byte.
 *
 * @returns their paths
 * @throws Error if rpmbuild fails, with what it said
 */
export async function buildRpms(options: BuildRpmsOptions): Promise<string[]> {
  const ours = rpmVersion(version());
  const top = mkdtempSync(path.join(tmpdir(), "rpmbuild-"));
  try {
    const name = `nova-console-${ours}`;
    const sources = path.join(top, name);
    const macros = await layOut(sources, options.date);
    for (const folder of ["SOURCES", "SPECS"]) mkdirSync(path.join(top, folder));
    pack(top, name, options.date);
    const spec = path.join(top, "SPECS/nova-console.spec");
    const known = [
      `%global upstream_version ${ours}`,
      `%global upstream_release ${options.release}`,
      `%global upstream_date ${changelogDate(options.date)}`,
      ...macros,
    ];
    writeFileSync(spec, `${known.join("\n")}\n${readFileSync(SPEC, "utf8")}`);
    // Apart: a source RPM says where it was made, and its digest would be in those that are made with it.
    for (const what of ["-bs", "-bb"] as const) rpmbuild(what, { top, spec, date: options.date });
    return collect(top, "{RPMS/noarch,SRPMS}/*.rpm", options.output);
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
}

/** Writes npm's `1.2.3-rc.1` as RPM does: its "~" sorts before the release, as npm's "-" does. */
export function rpmVersion(version: string): string {
  return version.replaceAll("-", "~");
}

/** Makes the files of each package, and what the spec must know of them. */
async function layOut(sources: string, date: number): Promise<string[]> {
  const manuals = renderManuals(date);
  const licences = new Set(["Apache-2.0"]);
  const macros: string[] = [];
  for (const pack of packages.rpm) {
    const destination = path.join(sources, pack.name);
    const files = await installTree({ family: "rpm", pack, manuals, destination, date });
    writeFileSync(path.join(sources, `${pack.name}.files`), rpmFileList(files));
    const inside = bundledLibraries(path.join(destination, customs.rpm.licences(pack.name)));
    for (const { license } of inside) licences.add(license);
    macros.push(bundledMacro(pack.name, inside));
  }
  return [`%global bundled_licence ${licenceExpression(licences)}`, ...macros];
}

/** @see https://docs.fedoraproject.org/en-US/packaging-guidelines/#bundling */
function bundledMacro(packageName: string, libraries: readonly Library[]): string {
  const provides = libraries.map(
    ({ name, version }) => `Provides: bundled(npm(${name})) = ${rpmVersion(version)}`,
  );
  const name = `bundled_in_${packageName.replaceAll("-", "_")}`;
  return `%global ${name} %{expand:\n${[...new Set(provides)].join("\n")}\n}`;
}

function licenceExpression(licences: ReadonlySet<string>): string {
  return [...licences]
    .map((licence) => (/ OR /.test(licence) && !licence.startsWith("(") ? `(${licence})` : licence))
    .sort()
    .join(" AND ");
}

function pack(top: string, name: string, date: number): void {
  const archive = path.join(top, "SOURCES", `${name}.tar.gz`);
  runTool("tar", [
    ...["--create", "--sort=name", "--format=gnu", `--mtime=@${date}`],
    ...["--owner=root:0", "--group=root:0", "--use-compress-program=gzip -n"],
    ...[`--file=${archive}`, `--directory=${top}`, name],
  ]);
}
