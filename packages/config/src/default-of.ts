import { isMachineDefault, type Machine, type Option } from "./option.ts";
import { isList } from "./value-type.ts";

const machineDefaults: Readonly<Record<keyof Machine, string>> = {
  hostName: "the name of this machine",
  primaryAddress: "the primary address of this machine",
  cores: "the number of this machine's cores",
};

/** An option's default for documentation. */
export interface DocumentedDefault {
  readonly text: string;
  /** Whether `text` is what would stand in nova.conf; else it is words. */
  readonly isValue: boolean;
}

/** Tells an option's default as documentation shows it. */
export function defaultOf({ default: value }: Option): DocumentedDefault {
  if (isMachineDefault(value)) return { text: machineDefaults[value.machine], isValue: false };
  if (value === null) return { text: "not set", isValue: false };
  if (!isList(value)) return { text: shown(value), isValue: true };
  if (value.length === 0) return { text: "empty", isValue: false };
  return { text: value.map(shown).join(","), isValue: true };
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
