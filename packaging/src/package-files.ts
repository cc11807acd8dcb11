import { readFileSync } from "node:fs";
import path from "node:path";
import { customs, type Family, type Package } from "./packages.ts";
import { repository, type Program } from "./programs.ts";

/** A file of a package, or a folder with all that is in it. */
export interface PackageFile {
  /** Where it is installed, from `/`. */
  readonly path: string;
  readonly mode: 0o644 | 0o755;
  /** What package managers treat differently: files that people edit, licences, what may be left out. */
  readonly role: "file" | "config" | "licence" | "doc" | "manual";
  readonly content: Content;
}

/** Where a file's content comes from. */
export type Content =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "copy"; readonly of: string }
  /** The folder that `bundle` makes. */
  | { readonly kind: "bundle"; readonly program: Program }
  /** The folder of licences that `writeLicences` makes. */
  | { readonly kind: "licences" };

/** What is to be read of a package once it is installed. */
const DOCUMENTS = ["README.md", "CHANGELOG.md", "SECURITY.md", "docs", "examples"];

/** Manual pages as text, by `NAME.SECTION`. */
export type Manuals = ReadonlyMap<string, string>;

/**
 * Lists what a package holds.
 *
 * @param manuals - every manual page there is
 * @throws Error if a manual page is missing
 */
export function packageFiles(family: Family, pack: Package, manuals: Manuals): PackageFile[] {
  const { uid, licences } = customs[family];
  const pages = [...pack.programs.map(({ name }) => `${name}.8`), ...pack.manuals];
  return [
    ...pack.programs.flatMap((program) => programFiles(family, program)),
    {
      path: licences(pack.name),
      mode: 0o644,
      role: "licence",
      content: { kind: "licences" },
    },
    ...DOCUMENTS.map((name): PackageFile => {
      const content: Content = { kind: "copy", of: path.join(repository, name) };
      return { path: `/usr/share/doc/${pack.name}/${name}`, mode: 0o644, role: "doc", content };
    }),
    ...pages.map((page) => manual(page, manuals)),
    ...(pack.programs.some(({ service }) => service !== null)
      ? [
          text(`/usr/lib/sysusers.d/${pack.name}.conf`, "sysusers.conf", { uid }),
          text(`/usr/lib/tmpfiles.d/${pack.name}.conf`, "tmpfiles.conf", {}),
        ]
      : []),
  ];
}

function programFiles(family: Family, program: Program): PackageFile[] {
  const { name, service } = program;
  const share = `/usr/share/nova-console/${name}`;
  const files: PackageFile[] = [
    { path: share, mode: 0o644, role: "file", content: { kind: "bundle", program } },
    { ...text(`/usr/bin/${name}`, "launcher.sh", { program: name, share }), mode: 0o755 },
  ];
  if (service === null) return files;
  const unit = customs[family].unit(program);
  const environment = customs[family].environment(unit);
  const values = {
    program: name,
    unit,
    environment,
    share,
    distribution_logrotate: customs[family].logrotate,
  };
  const hardening = fill(template("systemd/hardening.conf"), values).trim();
  const systemd = (file: string, source: string): PackageFile =>
    text(`/usr/lib/systemd/system/${file}`, `systemd/${source}`, { ...values, hardening });
  files.push(
    systemd(`${unit}.service`, `${name}.service`),
    systemd(`${unit}-logrotate.service`, "logrotate.service"),
    systemd(`${unit}-logrotate.timer`, "logrotate.timer"),
    text(`${share}/logrotate.conf`, "logrotate.conf", values),
    { ...text(environment, "environment", values), role: "config" },
  );
  if (customs[family].distConf) {
    files.push(text(`/usr/share/nova/${name}-dist.conf`, "dist.conf", values));
  }
  if (!service.hasPort) return files;
  const firewall = `firewalld/${name}.xml`;
  return [
    ...files,
    systemd(`${unit}.socket`, `${name}.socket`),
    text(`/usr/lib/firewalld/services/${name}.xml`, firewall, values),
  ];
}

function manual(page: string, manuals: Manuals): PackageFile {
  const content = manuals.get(page);
  if (content === undefined) throw new Error(`there is no manual page ${page}`);
  return {
    path: `/usr/share/man/man${page.slice(-1)}/${page}`,
    mode: 0o644,
    role: "manual",
    content: { kind: "text", text: content },
  };
}

function text(where: string, source: string, values: Readonly<Record<string, string>>) {
  const content = { kind: "text", text: fill(template(source), values) } as const;
  return { path: where, mode: 0o644, role: "file", content } as const;
}

function template(source: string): string {
  return readFileSync(path.join(repository, "packaging/files", source), "utf8");
}

/**
 * Puts values in the places of their names: `@program@`.
 *
 * @throws Error if the text wants one that there is none of
 */
function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/@([a-z_]+)@/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`nothing is known for @${name}@`);
    return value;
  });
}
