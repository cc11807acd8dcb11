/**
 * nova.conf in oslo.config's dialect, for the console programs. Each option is declared once; parsing, help,
 * `--print-config` and docs/configuration.md come from the declarations. Reads config files, and nothing else of the
 * process.
 *
 * @packageDocumentation
 */
export { deepFreeze } from "./deep-freeze.ts";
export { defaultOf, type DocumentedDefault } from "./default-of.ts";
export {
  ConfigError,
  ConfigFileError,
  ConfigParseError,
  InvalidOptionError,
  type OptionProblem,
} from "./errors.ts";
export { loadConfig, type ConfigRequest, type LoadedConfig } from "./load-config.ts";
export { nearestName } from "./nearest-name.ts";
export { optionGroups, type Config } from "./option-groups.ts";
export {
  isMachineDefault,
  type MachineDefault,
  type Option,
  type OptionGroup,
  type OptionGroups,
} from "./option.ts";
export { printConfig } from "./print-config.ts";
export type { CommandLineValue } from "./read-config.ts";
export type { ConfigValue } from "./value-type.ts";
