import { member, parseJson } from "./json.ts";

/** What nova's API tells of a token. */
export interface ConsoleDocument {
  readonly host: string;
  readonly port: number;
  readonly internalAccessPath: string | null;
  readonly instanceUuid: string;
}

/** A host name or an address, with an IPv6 zone: no path, so that nobody is led to a unix socket. */
const HOST = /^[\w.:%-]{1,255}$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** What can stand in a request line. */
const PATH = /^[\x21-\x7e]{0,255}$/;

/**
 * Decodes the answer to `GET /os-console-auth-tokens/{token}`.
 *
 * @returns the document; or the name of the member that is not what nova's API reference says
 * @see https://docs.openstack.org/api-ref/compute/#show-console-connection-information
 */
export function decodeConsole(text: string): ConsoleDocument | string {
  const console_ = member(parseJson(text), "console");
  if (console_ === undefined) return "console";
  const host = member(console_, "host");
  if (typeof host !== "string" || !HOST.test(host)) return "host";
  const port = member(console_, "port");
  if (!isPort(port)) return "port";
  const path = member(console_, "internal_access_path");
  if (path !== null && (typeof path !== "string" || !PATH.test(path)))
    return "internal_access_path";
  const instanceUuid = member(console_, "instance_uuid");
  if (typeof instanceUuid !== "string" || !UUID.test(instanceUuid)) return "instance_uuid";
  // To nova an empty path is none.
  return { host, port, internalAccessPath: path === "" ? null : path, instanceUuid };
}

function isPort(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65_535;
}
