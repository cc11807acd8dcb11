import { type Config, loadConfig } from "@nova-console/config";

/**
 * The configuration of a machine that has none, with some settings.
 *
 * @param directory - `state_path`
 */
export function testConfig(
  directory: string,
  ...settings: readonly (readonly [group: string, name: string, text: string])[]
): Config {
  const commandLine = [["DEFAULT", "state_path", directory] as const, ...settings].map(
    ([group, name, text]) => ({ group, name, text, spelling: `--${group}-${name}` }),
  );
  return loadConfig({
    program: "nova-consoleauth",
    homeDirectory: directory,
    // Not what this machine has in /etc/nova.
    rootDirectory: directory,
    hostName: "host1",
    primaryAddress: "192.0.2.1",
    cores: 4,
    commandLine,
  }).values;
}
