import { listenAddress } from "../host-types.ts";
import { integer } from "../number-types.ts";
import { option } from "../option.ts";
import { boolean, path } from "../text-types.ts";

/** The `[consoleauth]` group: nova's token_ttl (nova/conf/consoleauth.py), and our HTTP API. */
export const consoleauthGroup = {
  token_ttl: option(integer({ min: 0 }), {
    default: 600,
    deprecated: [{ group: "DEFAULT", name: "console_token_ttl" }],
    help: `Seconds that a new console token is good for.`,
  }),
  enforce_session_timeout: option(boolean(), {
    default: false,
    help: `Ends a console when its token expires, and not only keeps new ones from opening.`,
  }),
  api_listen: option(listenAddress(), {
    default: null,
    help: `Where nova-consoleauth serves its HTTP API: HOST:PORT or unix:/PATH. Not set: nowhere.`,
  }),
  api_secret_file: option(path(), {
    default: null,
    help: `File of the secret that callers of the HTTP API show as bearer token: one line of at least 16 characters, not readable by every user. Needed with api_listen.`,
  }),
};
