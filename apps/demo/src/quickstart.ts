import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ChildProgram } from "./child-program.ts";
import { DemoInstance } from "./demo-instance/demo-instance.ts";
import type { DemoOptions, ScreenSource } from "./demo-options.ts";
import { StartError } from "./errors.ts";
import { writeNovaConf } from "./nova-conf.ts";
import { pickPort } from "./pick-port.ts";
import { accepts, waitForPort } from "./wait-for-port.ts";

/** Everything stays on this machine. */
const HOST = "127.0.0.1";
const NOVNC_PORT = 6080;
const XVP_PORT = 6081;
const START_TIMEOUT_MS = 30_000;
const DAY_SECONDS = 86_400;

/** What the quick start needs of the process around it. */
export interface QuickstartContext {
  /** The Node.js that runs the programs. */
  readonly node: string;
  /** Where the programs' folders are: `apps`. */
  readonly appsDirectory: string;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Shows a text to the person, line end included. */
  readonly print: (text: string) => void;
  readonly now: () => Date;
}

/**
 * Runs consoleauth, both proxies and (unless a screen was named) a demo instance, prints what to
 * open, and waits. Whatever it started is gone when it returns or throws.
 *
 * @throws {@link StartError} if a program does not come up, or ends by itself
 */
export async function runQuickstart(
  options: DemoOptions,
  context: QuickstartContext,
): Promise<void> {
  const stateDirectory = await mkdtemp(join(tmpdir(), "nova-console-demo-"));
  // What waits for a program must not outlive it.
  const over = new AbortController();
  const signal = AbortSignal.any([context.signal, over.signal]);
  const programs: ChildProgram[] = [];
  let instance: DemoInstance | null = null;
  try {
    const ports = await choosePorts(options, context);
    const config = join(stateDirectory, "nova.conf");
    const values = { stateDirectory, host: HOST, novncPort: ports.novnc, xvpPort: ports.xvp };
    await writeFile(config, writeNovaConf(values), { mode: 0o600 });
    if (options.source.type === "demo-instance") {
      instance = await DemoInstance.start({ host: HOST, port: 0, now: context.now });
    }
    const screen = await nameScreen(options.source, instance, { ...context, signal });
    context.signal.throwIfAborted();

    for (const app of ["consoleauth", "novncproxy", "xvpvncproxy"]) {
      programs.push(startProgram(app, ["--config-file", config], context));
    }
    const failed = Promise.race(programs.map(failWhenEnded));
    const stopped = untilAborted(context.signal);
    await Promise.race([failed, stopped, waitForPorts(ports, signal)]);
    if (context.signal.aborted) return;

    const novnc = await authorize("novnc", { config, screen, programs }, context);
    const xvp = await authorize("xvpvnc", { config, screen, programs }, context);
    context.print(describeConsoles(novnc, xvp));
    await Promise.race([failed, stopped]);
  } catch (error) {
    // A stop in the middle of the start is no failure.
    if (!context.signal.aborted) throw error;
  } finally {
    over.abort();
    await Promise.all([...programs.map((program) => program.stop()), instance?.close()]);
    await rm(stateDirectory, { recursive: true, force: true });
  }
}

interface Ports {
  readonly novnc: number;
  readonly xvp: number;
}

async function choosePorts({ port }: DemoOptions, context: QuickstartContext): Promise<Ports> {
  const wanted = { novnc: port ?? NOVNC_PORT, xvp: port === null ? XVP_PORT : port + 1 };
  const found = {
    novnc: await pickPort(HOST, wanted.novnc),
    xvp: await pickPort(HOST, wanted.xvp),
  };
  for (const side of ["novnc", "xvp"] as const) {
    if (found[side] === wanted[side]) continue;
    if (port !== null) throw new StartError(`Port ${wanted[side]} is in use.`);
    context.print(`Port ${wanted[side]} is in use: taking ${found[side]} instead.\n`);
  }
  return found;
}

/** What `nova-consoleauth authorize` is told about the screen. */
async function nameScreen(
  source: ScreenSource,
  instance: DemoInstance | null,
  context: QuickstartContext,
): Promise<string[]> {
  switch (source.type) {
    case "libvirt":
      return ["--libvirt", source.uri, "--domain", source.domain];
    case "backend":
      if (!(await accepts(source.host, source.port))) {
        context.print(`Nothing answers at ${describeBackend(source)} yet.\n`);
      }
      return endpointArguments(source.host, source.port);
    case "demo-instance":
      if (instance === null) throw new StartError("The demo instance is not there.");
      // Before anything is promised: the screen itself must be up.
      await waitForPort(instance.host, instance.port, context.signal);
      return endpointArguments(instance.host, instance.port);
  }
}

function describeBackend({ host, port }: { host: string; port: number }): string {
  if (host.startsWith("unix:")) return host;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function endpointArguments(host: string, port: number): string[] {
  return ["--instance", randomUUID(), "--host", host, "--port", String(port)];
}

function startProgram(
  app: string,
  args: readonly string[],
  context: QuickstartContext,
): ChildProgram {
  const name = `nova-${app}`;
  const file = join(context.appsDirectory, app, "bin", `${name}.cjs`);
  return new ChildProgram(context.node, { name, file, args });
}

/** Only ever rejects: these programs run until they are stopped. */
async function failWhenEnded(program: ChildProgram): Promise<never> {
  throw program.failure(await program.ended);
}

async function waitForPorts(ports: Ports, signal: AbortSignal): Promise<void> {
  const timeout = AbortSignal.timeout(START_TIMEOUT_MS);
  const limit = AbortSignal.any([signal, timeout]);
  try {
    await Promise.all([waitForPort(HOST, ports.novnc, limit), waitForPort(HOST, ports.xvp, limit)]);
  } catch (error) {
    if (!timeout.aborted) throw error;
    const seconds = START_TIMEOUT_MS / 1000;
    throw new StartError(`The proxies did not listen within ${seconds} seconds.`, { cause: error });
  }
}

/** A console that was authorized. Both ways contain its token. */
interface Console {
  readonly url: string;
  /** What opens it in TigerVNC's viewer, as a shell takes it. */
  readonly viewerCommand: string;
}

async function authorize(
  type: "novnc" | "xvpvnc",
  {
    config,
    screen,
    programs,
  }: { config: string; screen: readonly string[]; programs: ChildProgram[] },
  context: QuickstartContext,
): Promise<Console> {
  const program = startProgram(
    "consoleauth",
    [
      "authorize",
      "--json",
      "--config-file",
      config,
      ...screen,
      "--type",
      type,
      "--ttl",
      String(DAY_SECONDS),
    ],
    context,
  );
  programs.push(program);
  const answer: unknown = JSON.parse(await program.output());
  const url = textAt(answer, "url");
  const viewerCommand = textAt(at(answer, "viewer"), "command");
  if (url !== null && viewerCommand !== null) return { url, viewerCommand };
  throw new StartError(`${program.name} authorize did not say how to open the console`);
}

function at(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return new Map<string, unknown>(Object.entries(value)).get(key);
}

function textAt(value: unknown, key: string): string | null {
  const text = at(value, key);
  return typeof text === "string" ? text : null;
}

function describeConsoles(novnc: Console, xvp: Console): string {
  return `
  The console is ready.

  In a browser, open
      ${novnc.url}

  In a desktop viewer, type
      ${xvp.viewerCommand}

  In a viewer that does the XVP handshake, use
      ${xvp.url}

  All of them work for a day. Ctrl-C stops everything and leaves nothing behind.

`;
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => {
      resolve();
    });
  });
}
