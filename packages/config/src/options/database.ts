import { option } from "../option.ts";
import { string } from "../text-types.ts";

/** The `[database]` group; see oslo_db/options.py. */
export const databaseGroup = {
  connection: option(string({ allowed: "a database URL", placeholder: "URL" }), {
    default: null,
    secret: true,
    deprecated: [
      { group: "DEFAULT", name: "sql_connection" },
      { group: "DATABASE", name: "sql_connection" },
      { group: "sql", name: "connection" },
    ],
    help: `Database of the console tokens, as SQLAlchemy writes it. Not set: SQLite at $state_path/consoles.sqlite.`,
  }),
};
