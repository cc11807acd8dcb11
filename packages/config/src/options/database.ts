import { integer } from "../number-types.ts";
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
    help: `Database of the console tokens, as SQLAlchemy writes it: mysql:// or postgresql:// for nova's own tables in a cell (HOST:PORT,HOST:PORT for several servers of it), or sqlite://. Not set: SQLite at $state_path/consoles.sqlite.`,
  }),
  max_pool_size: option(integer({ min: 0, max: 1000 }), {
    default: 5,
    deprecated: [
      { group: "DEFAULT", name: "sql_max_pool_size" },
      { group: "DATABASE", name: "sql_max_pool_size" },
    ],
    help: `Most connections of one worker to a MySQL or PostgreSQL server for tokens, and as many again for the port check. In all: workers x cells x max_pool_size, twice that with check_port. 0: 50.`,
  }),
};

/** The `[api_database]` group; see nova/conf/database.py. */
export const apiDatabaseGroup = {
  connection: option(string({ allowed: "a database URL", placeholder: "URL" }), {
    default: null,
    secret: true,
    help: `nova's API database. Set, to MySQL or PostgreSQL: the proxies ask every cell in its cell_mappings for tokens, whose templates take their parts from [database] connection. Not set: the database of [database] connection alone.`,
  }),
};
