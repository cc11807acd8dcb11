import path from "node:path";
import type { PackageFile } from "../package-files.ts";

/** Folders that other packages bring: filesystem, systemd. */
const NOT_OURS = new Set([
  "/",
  "/etc",
  "/etc/sysconfig",
  "/usr",
  "/usr/bin",
  "/usr/lib",
  "/usr/lib/systemd",
  "/usr/lib/systemd/system",
  "/usr/lib/sysusers.d",
  "/usr/lib/tmpfiles.d",
  "/usr/share",
  "/usr/share/doc",
  "/usr/share/licenses",
  "/usr/share/man",
  "/usr/share/man/man5",
  "/usr/share/man/man8",
]);

const DIRECTIVES = {
  file: "",
  config: "%config(noreplace) ",
  licence: "%license ",
  doc: "%doc ",
  manual: "",
} as const satisfies Record<PackageFile["role"], string>;

/**
 * Writes what a package holds as rpmbuild's `%files -f` takes it.
 *
 * Folders that no other package is sure to bring are ours as well, so that none is left behind.
 */
export function rpmFileList(files: readonly PackageFile[]): string {
  const within = (file: PackageFile): boolean =>
    files.some((other) => file.path.startsWith(`${other.path}/`));
  const directories = new Set(files.flatMap((file) => ownParents(file.path)));
  return [
    "%defattr(-,root,root,-)",
    ...[...directories].sort().map((directory) => `%dir ${directory}`),
    ...files.filter((file) => !within(file)).map(line),
    "",
  ].join("\n");
}

function line({ path: where, role }: PackageFile): string {
  // Some distributions' rpmbuild compresses manual pages.
  return `${DIRECTIVES[role]}${where}${role === "manual" ? "*" : ""}`;
}

function ownParents(where: string): string[] {
  const parent = path.dirname(where);
  return NOT_OURS.has(parent) ? [] : [...ownParents(parent), parent];
}
