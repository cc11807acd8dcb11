import { listOf } from "../container-types.ts";
import { option } from "../option.ts";
import { string } from "../text-types.ts";

/** The `[cache]` group; see oslo_cache/_opts.py. */
export const cacheGroup = {
  memcache_servers: option(listOf(string()), {
    default: [],
    help: `Where nova's own nova-consoleauth keeps tokens, Mitaka to Rocky. Not used: ours warns if it keeps them in a file of this host instead.`,
  }),
};
