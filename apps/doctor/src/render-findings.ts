import type { CatalogueEntry } from "./catalogue-entry.ts";

const HEADINGS: Readonly<Record<string, string>> = {
  check: "a proxy host",
  firewall: "the firewall",
  migration: "two compute hosts",
};

/**
 * Writes the part of docs/doctor.md that lists every finding.
 *
 * @param findings - by command, then by id
 */
export function renderFindings(
  findings: Readonly<Record<string, Readonly<Record<string, CatalogueEntry>>>>,
): string {
  return Object.entries(findings)
    .map(([command, entries]) => {
      const sections = Object.entries(entries).map(([id, entry]) => section(id, entry));
      return `## Findings of \`${command}\`: ${HEADINGS[command] ?? command}\n\n${sections.join("\n")}`;
    })
    .join("\n");
}

function section(id: string, { severity, what, why, mend }: CatalogueEntry): string {
  return `### ${id}\n\n_${severity}_. ${what} ${why}\n\nMend: ${mend}\n`;
}
