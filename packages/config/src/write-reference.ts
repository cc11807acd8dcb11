import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { optionGroups } from "./option-groups.ts";
import { renderReference } from "./reference.ts";

// `npm run docs`: writes docs/configuration.md anew.
writeFileSync(
  join(import.meta.dirname, "../../../docs/configuration.md"),
  renderReference(optionGroups),
);
