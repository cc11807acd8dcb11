import type { ColumnValue, InstanceRow, Row } from "./instance-row.ts";

/** What JSON can say. */
type Json = string | number | boolean | null | readonly Json[] | JsonObject;

/** An object of what JSON can say. */
export interface JsonObject {
  readonly [name: string]: Json;
}

/** How a column becomes a field. */
type Kind = (value: ColumnValue, row: Row) => Json;

/** Most fields of Instance 2.7 that are columns, in nova's order; the rest has a type of its own. */
const PLAIN_FIELDS = [
  ...["id", "user_id", "project_id", "image_ref", "kernel_id", "ramdisk_id", "hostname"],
  ...["launch_index", "key_name", "key_data", "power_state", "vm_state", "task_state", "memory_mb"],
  ...["vcpus", "root_gb", "ephemeral_gb", "ephemeral_key_uuid", "host", "node"],
  ...["instance_type_id", "user_data", "reservation_id", "availability_zone", "display_name"],
  ...["display_description", "launched_on", "locked_by", "os_type", "architecture", "vm_mode"],
  ...["uuid", "root_device_name", "default_ephemeral_device", "default_swap_device"],
  ...["config_drive", "access_ip_v4", "access_ip_v6", "progress", "cell_name"],
];

const BOOLEAN_FIELDS = [
  ...["locked", "auto_disk_config", "shutdown_terminate", "disable_terminate", "cleaned", "hidden"],
];

const DATE_FIELDS = ["launched_at", "terminated_at", "created_at", "updated_at", "deleted_at"];

/** Every one of them. */
const INSTANCE_FIELDS = fieldsOf([
  [PLAIN_FIELDS, encodePlain],
  [BOOLEAN_FIELDS, encodeBoolean],
  [DATE_FIELDS, encodeDate],
  [["deleted"], encodeDeleted],
]);

const INFO_CACHE_FIELDS = fieldsOf([
  [["instance_uuid", "network_info"], encodePlain],
  [["created_at", "updated_at", "deleted_at"], encodeDate],
  [["deleted"], encodeDeleted],
]);

/**
 * Serialises an instance as nova's own object serialiser does for a call of Zed's: without what
 * consoles have no use for, such as metadata, and with an empty list of security groups.
 *
 * @see nova/objects/instance.py, nova/objects/base.py, oslo.versionedobjects
 */
export function encodeInstance({ instance, infoCache }: InstanceRow): JsonObject {
  return encodeObject("Instance", "2.7", {
    ...encodeRow(instance, INSTANCE_FIELDS),
    info_cache:
      infoCache === null
        ? null
        : encodeObject("InstanceInfoCache", "1.5", encodeRow(infoCache, INFO_CACHE_FIELDS)),
    security_groups: encodeObject("SecurityGroupList", "1.1", { objects: [] }),
  });
}

function encodeObject(name: string, version: string, data: JsonObject): JsonObject {
  return {
    "nova_object.name": name,
    "nova_object.namespace": "nova",
    "nova_object.version": version,
    "nova_object.data": data,
  };
}

function fieldsOf(kinds: readonly (readonly [readonly string[], Kind])[]): Map<string, Kind> {
  return new Map(kinds.flatMap(([names, kind]) => names.map((name) => [name, kind])));
}

function encodeRow(row: Row, fields: ReadonlyMap<string, Kind>): JsonObject {
  return Object.fromEntries(
    Array.from(fields, ([name, kind]) => [name, kind(row[name] ?? null, row)]),
  );
}

function encodePlain(value: ColumnValue): Json {
  return value;
}

/** MariaDB has tinyint for them. Those of Instance are never null: its default is false. */
function encodeBoolean(value: ColumnValue): Json {
  return value === true || (typeof value === "number" && value !== 0);
}

/** oslo.db writes the row's own id into the column to delete it, and 0 otherwise. */
function encodeDeleted(value: ColumnValue): Json {
  return value !== null && value !== 0 && value !== false;
}

/** Columns have no time zone and are UTC. nova's format has whole seconds. PostgreSQL's CONCAT() knows no NULL. */
function encodeDate(value: ColumnValue): Json {
  if (typeof value !== "string" || value === "") return null;
  return `${value.slice(0, "YYYY-MM-DDTHH:MM:SS".length).replace(" ", "T")}Z`;
}
