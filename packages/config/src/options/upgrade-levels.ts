import { option } from "../option.ts";
import { string } from "../text-types.ts";

/** The `[upgrade_levels]` group: nova's; see nova/conf/upgrade_levels.py. */
export const upgradeLevelsGroup = {
  compute: option(string({ allowed: "a release or a version", placeholder: "LEVEL" }), {
    default: null,
    help: `Oldest nova-compute that is asked for ports: a release (rocky), a version of its RPC API (5.0), or auto, which looks into the services table. A release's name that is not known here counts as a later one, with a warning. Not set: 6.0, which is Wallaby and later.`,
  }),
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
