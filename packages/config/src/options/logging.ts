import { option } from "../option.ts";
import { boolean, path, string } from "../text-types.ts";

const WITHOUT_EFFECT = "is accepted, and without effect";

/** oslo.log's options of the command line beside those of the log file; see oslo_log/_options.py. */
export const loggingOptions = {
  use_syslog: option(boolean(), {
    default: false,
    spelling: "use-syslog",
    help: `Write the log to syslog as well (/dev/log), by the program logger(1).`,
  }),
  syslog_log_facility: option(
    string({
      allowed: "a syslog facility such as LOG_USER or LOG_LOCAL0",
      placeholder: "FACILITY",
      pattern:
        /^(?:LOG_)?(?:KERN|USER|MAIL|DAEMON|AUTH|SYSLOG|LPR|NEWS|UUCP|CRON|AUTHPRIV|FTP|LOCAL[0-7])$/i,
    }),
    {
      default: "LOG_USER",
      spelling: "syslog-log-facility",
      help: `Facility of the lines in syslog.`,
    },
  ),
  use_journal: option(boolean(), {
    default: false,
    spelling: "use-journal",
    help: `Write the log to systemd's journal, by systemd-cat(1), each line with its level. Without a log file it goes nowhere else.`,
  }),
  watch_log_file: option(boolean(), {
    default: false,
    spelling: "watch-log-file",
    help: `Accepted for old configurations, without effect: that the log file was moved is always noticed.`,
  }),
  use_json: option(boolean(), {
    default: false,
    spelling: "use-json",
    warning: (value) =>
      value === true ? `${WITHOUT_EFFECT}: write [console_proxy] log_format = json` : null,
    help: `Accepted for old configurations, without effect: log_format in [console_proxy] says the form of the log.`,
  }),
  log_config_append: option(path(), {
    default: null,
    spelling: "log-config-append",
    deprecated: [{ group: "DEFAULT", name: "log_config" }],
    warning: () => `${WITHOUT_EFFECT}: Python's logging files are not read`,
    help: `Accepted for old configurations, without effect.`,
  }),
  log_date_format: option(string(), {
    default: null,
    spelling: "log-date-format",
    warning: () => WITHOUT_EFFECT,
    help: `Accepted for old configurations, without effect.`,
  }),
  log_format: option(string(), {
    default: null,
    spelling: "log-format",
    warning: () => WITHOUT_EFFECT,
    help: `Accepted for configurations of Grizzly to Mitaka, without effect.`,
  }),
  use_syslog_rfc_format: option(boolean(), {
    default: false,
    spelling: "use-syslog-rfc-format",
    help: `Accepted for configurations of Icehouse to Mitaka, without effect: lines in syslog always have the program's name.`,
  }),
};
