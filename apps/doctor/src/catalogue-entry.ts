/** What is always true of a finding, whichever host has it. docs/doctor.md is made of this. */
export interface CatalogueEntry {
  readonly severity: "fault" | "advice";
  /** What it means, in general. */
  readonly what: string;
  readonly why: string;
  /** The remedy, in general; the finding itself has the commands. */
  readonly mend: string;
}
