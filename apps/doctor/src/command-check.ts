import { hostname } from "node:os";
import type { ToolContext } from "@nova-console/service";
import { checkBroker } from "./checks/broker.ts";
import { checkBaseUrls } from "./checks/base-urls.ts";
import { checkCertificate } from "./checks/certificate.ts";
import { checkClock } from "./checks/clock.ts";
import { checkComputes, parseCompute } from "./checks/computes.ts";
import { checkConfigFiles, judgeConfig, readConfigs } from "./checks/config.ts";
import { checkConnectionLimits } from "./checks/connection-limits.ts";
import { isInCloud, type CheckContext, type HostContext } from "./checks/context.ts";
import { checkDescriptors } from "./checks/descriptors.ts";
import { checkLogs } from "./checks/logs.ts";
import { checkPorts, gatherPorts } from "./checks/ports.ts";
import { checkPredecessors } from "./checks/predecessors.ts";
import { checkSandbox } from "./checks/sandbox.ts";
import { checkSelinux } from "./checks/selinux.ts";
import { checkServices } from "./checks/services.ts";
import { checkStore } from "./checks/token-store.ts";
import { checkVncAddresses } from "./checks/vnc-addresses.ts";
import { checkWebRoot } from "./checks/web-root.ts";
import { checkWorkers } from "./checks/workers.ts";
import { notChecked, type CheckReport, type Result } from "./finding.ts";
import { messageOf } from "./host/limit-time.ts";
import { gatherProcesses } from "./host/processes.ts";
import { startWords } from "./host/start-words.ts";
import { findServiceUser } from "./host/service-user.ts";
import { gatherUnits } from "./host/units.ts";
import { usedPrograms } from "./host/used-programs.ts";
import type { Report } from "./report.ts";
import { runCommand, type RunCommand } from "./run-command.ts";

type Answer = readonly Result[] | Promise<readonly Result[]>;

/** Checks that need a configuration, by the name that a report shows. */
const configured: readonly [name: string, check: (context: CheckContext) => Answer][] = [
  ["ports", checkPorts],
  ["certificate", checkCertificate],
  ["base URLs", checkBaseUrls],
  ["web root", checkWebRoot],
  ["token store", checkStore],
  ["message broker", checkBroker],
  ["computes", checkComputes],
  ["VNC addresses", checkVncAddresses],
  ["clock", checkClock],
  ["open files", checkDescriptors],
  ["connection limits", checkConnectionLimits],
  ["workers", checkWorkers],
  ["logs", checkLogs],
  ["sandbox", checkSandbox],
];

/** Checks of the host alone. */
const always: readonly [name: string, check: (context: HostContext) => Answer][] = [
  ["SELinux", checkSelinux],
  ["predecessors", checkPredecessors],
];

/** Looks at a proxy host. */
export async function examineHost(tool: ToolContext): Promise<Report> {
  const userName = textOf(tool.args["user"]) ?? "nova";
  const computes = listOf(tool.args["compute"]);
  for (const compute of computes) parseCompute(compute);
  const run: RunCommand = (command, args) => runCommand(command, args, tool.environment);
  const [user, processes, units] = await Promise.all([
    findServiceUser(userName),
    gatherProcesses(),
    gatherUnits(run),
  ]);
  const uses = usedPrograms(units, processes);
  const host: HostContext = { run, now: Date.now, user, userName, processes, units, uses };
  const words = await startWords(units, processes);
  const reading = await readConfigs(tool.loadConfigOf, words, user?.home);
  const config: CheckReport = {
    check: "nova.conf",
    results: [...judgeConfig(reading), ...(await checkConfigFiles(reading, user, userName))],
  };
  const novnc = reading.loaded.get("nova-novncproxy");
  const xvp = reading.loaded.get("nova-xvpvncproxy") ?? novnc;
  const consoleauth = reading.loaded.get("nova-consoleauth") ?? novnc;
  const checks =
    novnc === undefined || xvp === undefined || consoleauth === undefined
      ? await withoutConfig(host)
      : await withConfig({
          ...{ ...host, novnc, xvp, consoleauth, computes },
          ports: await gatherPorts({ novnc, xvp, processes, uses }),
          inCloud: [novnc, xvp, consoleauth].some((loaded) => isInCloud(loaded)),
        });
  return { command: "check", subject: hostname(), checks: [...whoLooks(), config, ...checks] };
}

/** Others than root see less, and nothing would tell them so. */
function whoLooks(): CheckReport[] {
  if (process.getuid?.() === 0) return [];
  const why = "this is not root: config files, tokens and programs of other users may be hidden";
  return [{ check: "user", results: [notChecked(why)] }];
}

async function withConfig(context: CheckContext): Promise<CheckReport[]> {
  const own = configured.map(([name, check]) => report(name, () => check(context)));
  const services = report("services", () => checkServices(context));
  const others = always.map(([name, check]) => report(name, () => check(context)));
  return Promise.all([...own, services, ...others]);
}

/** Which of them cannot be done is told in one line, not in ten. */
async function withoutConfig(host: HostContext): Promise<CheckReport[]> {
  const names = configured.map(([name]) => name).join(", ");
  const skipped: CheckReport = {
    check: "the rest",
    results: [notChecked(`${names}: nova.conf has to be right first`)],
  };
  const services = report("services", () => checkServices(host));
  const others = always.map(([name, check]) => report(name, () => check(host)));
  return [skipped, ...(await Promise.all([services, ...others]))];
}

/** A check that fails says so in the report; the others go on. */
async function report(check: string, run: () => Answer): Promise<CheckReport> {
  try {
    return { check, results: await run() };
  } catch (error) {
    return { check, results: [notChecked(`the check itself failed: ${messageOf(error)}`)] };
  }
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}
