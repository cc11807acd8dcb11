import { hostname } from "node:os";
import { isIP } from "node:net";
import { ConfigError, type Config } from "@nova-console/config";
import type { ToolContext } from "@nova-console/service";
import { DoctorInputError } from "./errors.ts";
import { notChecked, type CheckReport } from "./finding.ts";
import { checkPort, type WatchedPort } from "./firewall/check-port.ts";
import { gatherFirewall, readRules } from "./firewall/gather.ts";
import type { Family } from "./firewall/model.ts";
import type { Report } from "./report.ts";
import { runCommand } from "./run-command.ts";

/** Looks whether viewers get through to the ports of the proxies. */
export async function examineFirewall(tool: ToolContext): Promise<Report> {
  const { args, environment } = tool;
  const { ports, note } = portsOf(tool);
  const family = familyOf(args["family"]);
  const watched = ports.flatMap(({ host, ...port }) =>
    (family ?? familiesOf(host)).map((each): WatchedPort => ({ ...port, family: each })),
  );
  const rules = args["rules"];
  const facts =
    typeof rules === "string"
      ? await readRules(rules, family?.[0] ?? "ipv4")
      : await gatherFirewall((command, words) => runCommand(command, words, environment));
  const checks = await Promise.all(
    watched.map(async (port): Promise<CheckReport> => ({
      check: port.program?.replace("nova-", "") ?? `port ${port.port}`,
      results: await checkPort(facts, port),
    })),
  );
  const config: CheckReport[] =
    note === null ? [] : [{ check: "nova.conf", results: [notChecked(note)] }];
  const subject = typeof rules !== "string" ? hostname() : rules === "-" ? "standard input" : rules;
  return { command: "firewall", subject, checks: [...config, ...checks] };
}

type Watched = Omit<WatchedPort, "family"> & { readonly host: string };

function portsOf({ args, loadConfig }: ToolContext): {
  readonly ports: readonly Watched[];
  readonly note: string | null;
} {
  const asked = args["port"];
  if (Array.isArray(asked)) {
    const ports = asked.map((text: unknown) => portOf(String(text)));
    return {
      ports: ports.map((port) => ({ port, program: programOf(port), host: "0.0.0.0" })),
      note: null,
    };
  }
  try {
    const novnc = loadConfig("nova-novncproxy").values;
    const xvp = loadConfig("nova-xvpvncproxy").values;
    return { ports: configuredPorts(novnc, xvp), note: null };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const ports: readonly Watched[] = [
      { port: 6080, program: "nova-novncproxy", host: "0.0.0.0" },
      { port: 6081, program: "nova-xvpvncproxy", host: "0.0.0.0" },
    ];
    const [first = ""] = error.message.split("\n");
    return { ports, note: `the usual ports are looked at, as nova.conf cannot be used: ${first}` };
  }
}

function configuredPorts(novnc: Config, xvp: Config): Watched[] {
  return [
    {
      port: novnc.vnc.novncproxy_port,
      program: "nova-novncproxy",
      host: novnc.vnc.novncproxy_host,
    },
    { port: xvp.vnc.xvpvncproxy_port, program: "nova-xvpvncproxy", host: xvp.vnc.xvpvncproxy_host },
  ];
}

function programOf(port: number): WatchedPort["program"] {
  return port === 6080 ? "nova-novncproxy" : port === 6081 ? "nova-xvpvncproxy" : null;
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw new DoctorInputError(
    `--port: found ${JSON.stringify(text.slice(0, 30))}, must be a whole number from 1 to 65535`,
  );
}

function familyOf(value: unknown): readonly Family[] | null {
  switch (value) {
    case undefined:
      return null;
    case "ipv4":
    case "ipv6":
      return [value];
    case "both":
      return ["ipv4", "ipv6"];
    default:
      throw new DoctorInputError(
        `--family: found ${JSON.stringify(String(value).slice(0, 30))}, must be ipv4, ipv6 or both`,
      );
  }
}

/** Families of the connections that a service gets which listens on `host`. */
function familiesOf(host: string): readonly Family[] {
  if (host === "::") return ["ipv4", "ipv6"];
  return isIP(host) === 6 ? ["ipv6"] : ["ipv4"];
}
