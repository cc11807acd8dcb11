import { loadConfig } from "@nova-console/config";
import { rpcConnectionOptionsFrom, type RpcConnectionOptions } from "@nova-console/oslo-messaging";

/**
 * What nova.conf makes of a `transport_url`; its query sets `[oslo_messaging_rabbit]`.
 *
 * @param lines - gets what is logged
 */
export function rpcOptionsFor(transportUrl: string, lines: string[] = []): RpcConnectionOptions {
  const setting = { group: "DEFAULT", name: "transport_url", text: transportUrl };
  const { values } = loadConfig({
    program: "nova-consoleauth",
    homeDirectory: "/nonexistent",
    rootDirectory: "/nonexistent",
    hostName: "localhost",
    primaryAddress: "127.0.0.1",
    cores: 1,
    commandLine: [{ ...setting, spelling: "--transport_url" }],
  });
  const options = rpcConnectionOptionsFrom(values, {
    connectionName: "test",
    log: { info: (line) => lines.push(line), warn: (line) => lines.push(line) },
  });
  if (options === null) throw new Error("no transport_url");
  return options;
}
