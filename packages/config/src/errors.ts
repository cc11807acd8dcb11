/** Base of every error this package throws. Nothing was started; the operator has to act. */
export abstract class ConfigError extends Error {
  /** Stable across releases: match on this, not on the message. */
  abstract readonly code: `CONFIG_ERR_${string}`;
}

/** A config file or directory that was asked for is missing, or can't be read. */
export class ConfigFileError extends ConfigError {
  override readonly name = "ConfigFileError";
  readonly code = "CONFIG_ERR_FILE";
}

/** A config file is not of the form `[group]`, `name = value`. The message has a line per wrong line, the first one first. */
export class ConfigParseError extends ConfigError {
  override readonly name = "ConfigParseError";
  readonly code = "CONFIG_ERR_PARSE";
}

/** One option whose value is wrong. */
export interface OptionProblem {
  readonly group: string;
  readonly option: string;
  /** `/etc/nova/nova.conf:12` or `command line (--vnc-novncproxy_port)`. */
  readonly source: string;
  /** What was found and what is allowed. Never the value of a secret. */
  readonly text: string;
}

/** At least one option has a wrong value. The message has a line per option, the first one first. */
export class InvalidOptionError extends ConfigError {
  override readonly name = "InvalidOptionError";
  readonly code = "CONFIG_ERR_INVALID_OPTION";
  /** In the order of the declarations; never empty. */
  readonly problems: readonly OptionProblem[];

  constructor(problems: readonly OptionProblem[]) {
    super(problems.map((problem) => describeProblem(problem)).join("\n"));
    this.problems = problems;
  }
}

/** Thrown by a {@link ValueType} for a text that it does not allow; never leaves the package. */
export class InvalidValueError extends ConfigError {
  override readonly name = "InvalidValueError";
  readonly code = "CONFIG_ERR_INVALID_VALUE";

  /** @param allowed - what is allowed, to follow "must be" */
  constructor(allowed: string) {
    super(`must be ${allowed}`);
  }
}

function describeProblem({ source, group, option, text }: OptionProblem): string {
  return `${source}: [${group}] ${option}: ${text}`;
}
