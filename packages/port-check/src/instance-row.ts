/** A column's value, as database drivers give it; dates as text, in UTC. */
export type ColumnValue = string | number | boolean | null;

/** A table's row by column names. What is missing counts as NULL. */
export type Row = Readonly<Record<string, ColumnValue>>;

/** What of an instance is kept in nova's cell database, as far as a console needs it. */
export interface InstanceRow {
  /** Of `instances`. */
  readonly instance: Row;
  /** Of `instance_info_caches`; null if there is none. */
  readonly infoCache: Row | null;
}

/** Where the rows of instances come from. */
export interface InstanceRows {
  /** @returns null if there is none, or it is deleted */
  get(uuid: string): Promise<InstanceRow | null>;
}

/** Where the versions of services come from. */
export interface ServiceVersions {
  /** The oldest nova-compute's number among nova's service versions; 0 if there is none. */
  minimumComputeVersion(): Promise<number>;
}
