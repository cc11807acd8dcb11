import { option } from "../option.ts";
import { string } from "../text-types.ts";

/** `[upgrade_levels]`: the oldest release of a service that is spoken to. */
export const upgradeLevelsGroup = {
  consoleauth: option(
    string({ allowed: "a version or a release's name", placeholder: "VERSION" }),
    {
      default: null,
      help: `
Newest version of nova-consoleauth's RPC that is used: a version such as 1.2, or the name of a release. Not set: 2.0, which
Icehouse and later understand; Grizzly and Havana need 1.2.`,
    },
  ),
};
