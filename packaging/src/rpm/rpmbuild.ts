import { execFileSync } from "node:child_process";
import { cpSync, globSync, mkdirSync } from "node:fs";
import path from "node:path";

/** Longest that rpmbuild and what prepares its work may take. */
const LIMIT_MS = 300_000;

/** A folder that rpmbuild works in, and what it shall do there. */
export interface Rpmbuild {
  /** rpmbuild's own: SPECS, RPMS and so on are in it. */
  readonly top: string;
  readonly spec: string;
  /** Age of all that is inside, in seconds since the epoch. */
  readonly date: number;
}

/**
 * Builds packages, of which nothing tells when and where.
 *
 * @param what - `-bs` a source RPM, `-bb` RPMs
 * @throws Error if it fails, with what it said
 * @see rpmbuild(8)
 */
export function rpmbuild(what: "-bs" | "-bb", { top, spec, date }: Rpmbuild): void {
  const defines = {
    _topdir: top,
    // Neither when nor where: what is built is all that counts.
    use_source_date_epoch_as_buildtime: "1",
    clamp_mtime_to_source_date_epoch: "1",
    source_date_epoch_from_changelog: "0",
    _buildhost: "localhost",
    packager: "The nova-console authors",
    // What rpm 4.14 of EL8 reads: Fedora's default, zstd, it does not. 8 is SHA-256.
    _binary_payload: "w6.gzdio",
    _source_payload: "w6.gzdio",
    _binary_filedigest_algorithm: "8",
    _source_filedigest_algorithm: "8",
  };
  const args = Object.entries(defines).flatMap(([name, value]) => ["--define", `${name} ${value}`]);
  // The macros of who builds, in ~/.rpmmacros, are not for our packages.
  runTool("rpmbuild", [what, ...args, spec], { SOURCE_DATE_EPOCH: String(date), HOME: top });
}

/** Copies what was built, by a pattern below `top`. @returns where it is then */
export function collect(top: string, pattern: string, output: string): string[] {
  mkdirSync(output, { recursive: true });
  return globSync(pattern, { cwd: top }).map((file) => {
    const where = path.join(output, path.basename(file));
    cpSync(path.join(top, file), where);
    return where;
  });
}

/** `Wed Nov 25 2026`, as `%changelog` wants it. */
export function changelogDate(date: number): string {
  return new Date(date * 1000).toUTCString().replace(/^(\w+), (\d+) (\w+) (\d+).*/, "$1 $3 $2 $4");
}

/** Runs a program to its end, in English and UTC. @throws Error if it fails, with what it said */
export function runTool(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): void {
  execFileSync(command, args, {
    env: { ...process.env, LC_ALL: "C.UTF-8", TZ: "UTC", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: LIMIT_MS,
    maxBuffer: 2 ** 26,
  });
}
