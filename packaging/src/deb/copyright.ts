import { readFileSync } from "node:fs";
import path from "node:path";
import { bundledLibraries, licenceFile, type Library } from "../licences.ts";

/** Debian has its text on every system, and wants it to be told of, not repeated. */
const APACHE = `\
License: Apache-2.0
 On Debian systems the text of the Apache License, version 2.0, is in
 /usr/share/common-licenses/Apache-2.0.
`;

const HEADER = `\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: nova-console

Files: *
Copyright: the nova-console developers
${APACHE}`;

/**
 * Writes what Debian wants to be said of a package's authors and licences, in the form that programs read.
 *
 * A library has no files of its own in the package: the program's is one with all its libraries in it. So each has
 * a stanza for the folder that the program finds its code in, named as if the library were one file there.
 *
 * @param licences - folder that `writeLicences` made
 * @see Debian's machine-readable debian/copyright, 1.0
 */
export function copyright(licences: string): string {
  const stanzas = bundledLibraries(licences).map((library) =>
    stanza(library, readFileSync(path.join(licences, licenceFile(library)), "utf8")),
  );
  return [HEADER, ...stanzas].join("\n");
}

function stanza(library: Library, text: string): string {
  const { name, license } = library;
  const head = [
    `Files: usr/share/nova-console/*/dist/${path.basename(licenceFile(library), ".txt")}`,
    `Copyright: ${holders(text, name)}`,
  ];
  // Debian writes "or" and "and" where SPDX has capitals.
  const short = license
    .replaceAll(/[()]/g, "")
    .replaceAll(" OR ", " or ")
    .replaceAll(" AND ", " and ");
  const body = license === "Apache-2.0" ? APACHE : `License: ${short}\n${indent(text)}\n`;
  return [...head, body].join("\n");
}

/** @returns the lines of a licence that name who it is of; where it names nobody, the authors of the package */
export function holders(text: string, name: string): string {
  const lines = text
    .split("\n")
    .map((line) => line.replaceAll(/^[\s*#>-]+|\s+$/g, ""))
    .filter((line) => /^(copyright|\(c\)|©).*\d{4}/i.test(line));
  const found = [...new Set(lines)].map((line) => line.replace(/^copyright:?\s*/i, ""));
  return found.length === 0 ? `the authors of ${name}` : found.join("\n           ");
}

function indent(text: string): string {
  const lines = text
    .trim()
    .replaceAll(/[^\S\n]+$/gm, "")
    .split(/\r?\n/);
  return lines.map((line) => (line.trim() === "" ? " ." : ` ${line}`)).join("\n");
}
