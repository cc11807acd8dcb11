import type { LoadedConfig } from "@nova-console/config";
import { RpcClient, RpcSettingError, rpcConnectionOptionsFrom } from "@nova-console/oslo-messaging";
import { finding, fine, type Result } from "../finding.ts";
import { limitTime, messageOf } from "../host/limit-time.ts";
import type { CheckContext } from "./context.ts";

const CONNECT_LIMIT_MS = 15_000;

/** Logs in to the message broker, as the services do. */
export async function checkBroker({ novnc, consoleauth }: CheckContext): Promise<Result[]> {
  const results = new Map<string, Result>();
  for (const loaded of [novnc, consoleauth]) {
    const result = await askBroker(loaded);
    if (result !== null) results.set(JSON.stringify(result), result);
  }
  return results.size > 0 ? [...results.values()] : [fine("none is configured, none is asked")];
}

/** @returns null if no broker is configured */
async function askBroker({ values }: LoadedConfig): Promise<Result | null> {
  try {
    const options = rpcConnectionOptionsFrom(values, { connectionName: "nova-console-doctor" });
    if (options === null) return null;
    const client = await limitTime("the broker", CONNECT_LIMIT_MS, RpcClient.connect(options));
    try {
      if (client.isConnected) return fine(`${client.place} takes our login`);
      // It says why there is no connection.
      await limitTime(client.place, CONNECT_LIMIT_MS, client.check());
      return fine(`${client.place} takes our login`);
    } finally {
      await client.close();
    }
  } catch (error) {
    const what = messageOf(error);
    if (error instanceof RpcSettingError) {
      return finding("broker-setting", what, ["edit nova.conf: [DEFAULT] transport_url"]);
    }
    return finding("broker-unavailable", `the message broker cannot be used: ${what}`, [
      "on the broker: rabbitmqctl status; rabbitmqctl list_users; rabbitmqctl list_permissions -p VHOST",
      "in nova.conf: user, password, host, port and virtual host of [DEFAULT] transport_url",
    ]);
  }
}
