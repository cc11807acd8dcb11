import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { LoadedConfig } from "@nova-console/config";
import { SettingError } from "@nova-console/service";
import { checkTokenStore } from "@nova-console/token";
import { openTokenStore } from "@nova-console/token-stores";
import { finding, fine, notChecked, type Result } from "../finding.ts";
import { limitTime, messageOf } from "../host/limit-time.ts";
import { withoutPassword } from "../without-secrets.ts";
import { findObstacle } from "../host/service-user.ts";
import { unitNameOf, type Units } from "../host/units.ts";
import type { CheckContext } from "./context.ts";

/** Beside what the store itself allows for an answer. */
const EXTRA_LIMIT_MS = 5_000;
const SQLITE_URL = /^sqlite:\/\/(?:\/(\/?[^?]*))?/i;

/** Opens the store as the proxies do, and asks it for a token that does not exist. */
export async function checkStore(context: CheckContext): Promise<Result[]> {
  const { novnc, now } = context;
  const { console_proxy, DEFAULT } = novnc.values;
  if (console_proxy.token_store === "consoleauth" && (DEFAULT.transport_url ?? "") === "") {
    return [
      finding(
        "token-store-setting",
        "[console_proxy] token_store is consoleauth, and there is no [DEFAULT] transport_url to ask it by",
        ["in nova.conf: [DEFAULT] transport_url = rabbit://USER:PASSWORD@HOST:5672/"],
      ),
    ];
  }
  const file = sqliteFileOf(novnc);
  if (file !== null) {
    const problems = await checkFile(file, context);
    if (problems !== null) return problems;
  }
  const wrong = wrongDatabase(novnc);
  if (wrong !== null) return [wrong];
  const limitMs = console_proxy.connect_timeout * 1000 + EXTRA_LIMIT_MS;
  const place = describeStore(novnc);
  try {
    await limitTime(place, limitMs, askStore(novnc, now));
    return [fine(`${place} answers`)];
  } catch (error) {
    const isSetting = error instanceof SettingError;
    const what = messageOf(error);
    return [
      isSetting
        ? finding("token-store-setting", what, [
            "edit nova.conf, then: nova-novncproxy --print-config",
          ])
        : finding("token-store-unavailable", sayWhere(place, what), remedies(novnc, context.units)),
    ];
  }
}

/** The file of the embedded store; null if tokens are elsewhere. */
export function sqliteFileOf({ values }: LoadedConfig): string | null {
  const { console_proxy, database, api_database, DEFAULT } = values;
  if (console_proxy.token_store !== "database" || (api_database.connection ?? "") !== "")
    return null;
  const { connection } = database;
  if (connection === null || connection === "") return join(DEFAULT.state_path, "consoles.sqlite");
  const match = SQLITE_URL.exec(connection);
  return match === null ? null : (match[1] ?? "");
}

/** nova has databases beside those of its cells, and no token is ever in them. */
function wrongDatabase({ values, sources }: LoadedConfig): Result | null {
  if (values.console_proxy.token_store !== "database") return null;
  const connection = values.database.connection ?? "";
  const name = /^[a-z]+(?:\+\w+)?:\/\/[^/]*\/([^/?]+)/i.exec(connection)?.[1] ?? "";
  const isOfApi = connection !== "" && connection === values.api_database.connection;
  const kind = /_cell0$/.test(name)
    ? "cell0, which has the instances that never got a host"
    : isOfApi || /^nova\w*_api$/.test(name)
      ? "nova's API, which has no console tokens"
      : null;
  if (kind === null) return null;
  return finding(
    "token-store-cell",
    `[database] connection (${sources["database.connection"] ?? "?"}) names the database ${name}: that of ${kind}`,
    [
      "nova-manage cell_v2 list_cells --verbose    (Database Connection of the cell whose computes are meant)",
      "in nova.conf: [database] connection = that one; for all cells: [api_database] connection",
    ],
  );
}

/** Most messages of the stores name what they could not reach. */
function sayWhere(place: string, what: string): string {
  return /^(token store|nova-consoleauth) /.test(what) ? what : `${place}: ${what}`;
}

async function askStore(config: LoadedConfig, now: () => number): Promise<void> {
  const store = await openTokenStore(config.values, { now });
  try {
    await checkTokenStore(store);
    await store.checkWritable?.();
  } finally {
    await store.close();
  }
}

/** @returns what is to be said without opening the file; null if it can be opened */
async function checkFile(file: string, { user, userName }: CheckContext): Promise<Result[] | null> {
  const directory = dirname(file);
  const [found, above] = await Promise.all(
    [file, directory].map((path) => stat(path).catch(() => null)),
  );
  if (above === null || above === undefined) {
    return [
      finding("token-store-unavailable", `SQLite at ${file}: ${directory} does not exist`, [
        `install -d -o ${userName} -g ${userName} -m 0755 ${directory}`,
      ]),
    ];
  }
  if (user !== null) {
    const obstacle =
      (await findObstacle(directory, user, ["w", "x"])) ??
      (await findObstacle(file, user, ["r", "w"]));
    if (obstacle !== null) {
      return [
        finding(
          "token-store-not-for-service",
          `SQLite at ${file}: ${user.name} may not write ${obstacle}`,
          [
            obstacle === file
              ? `chown ${user.name}:${user.name} ${file}*`
              : `chown ${user.name} ${obstacle}`,
          ],
        ),
      ];
    }
  }
  if (await access(file, constants.R_OK | constants.W_OK).then(() => false, isHidden)) {
    return [notChecked(`SQLite at ${file}: this user may not open it; run this as root`)];
  }
  // Opening makes it, and then it would be root's.
  return found === null || found === undefined
    ? [notChecked(`SQLite at ${file}: not there yet; the first service that starts makes it`)]
    : null;
}

function isHidden(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EACCES";
}

function describeStore(loaded: LoadedConfig): string {
  const { console_proxy, database, api_database } = loaded.values;
  switch (console_proxy.token_store) {
    case "redis":
      return `Redis at ${withoutPassword(console_proxy.redis_url ?? "?")}`;
    case "consoleauth":
      return "nova-consoleauth, over RPC,";
    case "nova_api":
      return "nova's API";
    case "database": {
      const file = sqliteFileOf(loaded);
      if (file !== null) return `SQLite at ${file}`;
      return (api_database.connection ?? "") === ""
        ? `the database ${withoutPassword(database.connection ?? "")}`
        : "the databases of all cells";
    }
  }
}

function remedies({ values }: LoadedConfig, units: Units): string[] {
  switch (values.console_proxy.token_store) {
    case "redis":
      return ['redis-cli -u "$redis_url" ping    (from this host, with the URL of nova.conf)'];
    case "consoleauth":
      return [
        `systemctl status ${unitNameOf(units, "nova-consoleauth")}    (where it runs)`,
        "rabbitmqctl list_queues name consumers | grep consoleauth",
      ];
    case "nova_api":
      return [
        "openstack endpoint list --service compute",
        "curl -i the address of Keystone, from this host",
      ];
    case "database":
      return [
        "is the server up, and may this host reach it? try its own client from here, with host, port and user of [database] connection",
      ];
  }
}
