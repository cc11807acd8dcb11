/**
 * nova's `console_auth_tokens` in MariaDB, MySQL and PostgreSQL: in one cell's database, or in that of
 * every cell.
 *
 * @packageDocumentation
 */
export { CellDatabase, type CellDatabaseOptions } from "./cell-database.ts";
export { CellMappings, type CellMapping } from "./cell-mappings.ts";
export { MultiCellTokenStore, type MultiCellTokenStoreOptions } from "./multi-cell-token-store.ts";
export type { StoreLog } from "./instances-table.ts";
export { OpenCells, type OpenCell } from "./open-cells.ts";
export { connectionLimit } from "./sql-pool.ts";
export { SqlTokenStore, type SqlTokenStoreOptions } from "./sql-token-store.ts";
