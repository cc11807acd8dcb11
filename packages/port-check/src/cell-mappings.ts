import { type CellDatabase, expandCellTemplate } from "@nova-console/token-store-sql";
import type { CellMapping } from "./mapped-cells.ts";

/** Where instances are that no cell took: they have no screen. */
const CELL0_UUID = "00000000-0000-0000-0000-000000000000";

const STATEMENT =
  "SELECT uuid, transport_url, database_connection, disabled FROM cell_mappings ORDER BY id";

/** nova.conf's own, whose parts go into templates. */
export interface OwnUrls {
  readonly connection: string | null;
  readonly transportUrl: string | null;
}

/**
 * Reads which cells there are, but cell0 and those that are disabled.
 *
 * @param api - nova's API database
 */
export async function readCellMappings(
  api: Pick<CellDatabase, "query">,
  own: OwnUrls,
): Promise<CellMapping[]> {
  const rows = await api.query(STATEMENT, []);
  return rows.flatMap((row) => {
    const { uuid, transport_url, database_connection, disabled } = row;
    // tinyint(1) in MariaDB, boolean in PostgreSQL
    if (uuid === CELL0_UUID || disabled === true || disabled === 1) return [];
    return [
      {
        connection: expandCellTemplate(textOf(database_connection), own.connection),
        transportUrl: expandCellTemplate(textOf(transport_url), own.transportUrl),
      },
    ];
  });
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
