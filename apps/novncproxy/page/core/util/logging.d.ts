/** What this page uses of `@novnc/novnc` 1.7's `core/util/logging.js`. */
export type LogLevel = "none" | "error" | "warn" | "info" | "debug";

export function initLogging(level: LogLevel): void;
