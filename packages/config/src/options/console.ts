import { listOf } from "../container-types.ts";
import { option } from "../option.ts";
import { choice, string } from "../text-types.ts";

/** The `[console]` group. Names, defaults and meaning are nova's; see nova/conf/console.py. */
export const consoleGroup = {
  allowed_origins: option(listOf(string({ allowed: "a host name", placeholder: "HOST" })), {
    default: [],
    deprecated: [{ group: "DEFAULT", name: "console_allowed_origins" }],
    help: `Host names beside the proxy's own whose pages may open a console (the Origin header of browsers).`,
  }),
  ssl_ciphers: option(string({ allowed: "an OpenSSL cipher list", placeholder: "CIPHERS" }), {
    default: null,
    help: `TLS ciphers that are accepted, as OpenSSL writes such lists. Not set or empty: the defaults of Node.js.`,
  }),
  ssl_minimum_version: option(choice(["default", "tlsv1_1", "tlsv1_2", "tlsv1_3"]), {
    default: "default",
    help: `Oldest TLS version that is accepted; "default" leaves it to Node.js.`,
  }),
};
