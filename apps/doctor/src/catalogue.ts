import { checkFindings } from "./catalogue-check.ts";
import { firewallFindings } from "./catalogue-firewall.ts";
import { migrationFindings } from "./catalogue-migration.ts";
import type { CatalogueEntry } from "./catalogue-entry.ts";

/** Every finding by its id, which is stable across releases. */
export const catalogue = {
  ...checkFindings,
  ...firewallFindings,
  ...migrationFindings,
} satisfies Record<string, CatalogueEntry>;

/** Id of a finding. */
export type FindingId = keyof typeof catalogue;

/** Which command has which findings. */
export const findingsByCommand = {
  check: checkFindings,
  firewall: firewallFindings,
  migration: migrationFindings,
} satisfies Record<string, Record<string, CatalogueEntry>>;
