import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findingsByCommand } from "./catalogue.ts";
import { renderFindings } from "./render-findings.ts";

// `npm run docs`: writes the findings in docs/doctor.md anew; what stands above them is written by hand.
const page = join(import.meta.dirname, "../../../docs/doctor.md");
const [head = ""] = readFileSync(page, "utf8").split(/^## Findings of /m);
writeFileSync(page, head + renderFindings(findingsByCommand));
