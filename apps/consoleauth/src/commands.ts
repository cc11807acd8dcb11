import type { CommandArguments } from "@nova-console/service";
import { SettingError } from "@nova-console/service";
import { dumpDomainXml, findVncAddress, remoteHostOf } from "@nova-console/libvirt";
import { InvalidTokenError, type TokenAuthority } from "@nova-console/token";
import type { ViewerAccess } from "@nova-console/viewer-files";
import { authorizeConsole, refuseForbiddenHost, type ConsoleWish } from "./authorize-console.ts";
import {
  type CommandOutput,
  countTokens,
  describeConsoles,
  describeEndpoint,
} from "./command-output.ts";
import { authorizedJson, connectJson } from "./console-json.ts";
import type { ConsoleSettings } from "./console-settings.ts";
import { readGivenToken, type TokenInput } from "./given-token.ts";
import { openForCommandLine, openForJson } from "./viewer-access.ts";
import { viewerJson } from "./viewer-json.ts";

/** What a command works on. */
interface CommandContext {
  readonly store: TokenAuthority;
  readonly settings: ConsoleSettings;
  /** For `virsh`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** For tokens that are not in the command line. */
  readonly input: TokenInput;
  readonly log: { warn(message: string): void };
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Does what a command says. */
export type Command = (context: CommandContext, given: CommandArguments) => Promise<CommandOutput>;

/**
 * Mints a token for a console, named in full or found in a libvirt domain. Prints its access URL, or
 * the `vncviewer` line that opens it.
 */
export const authorize: Command = async (context, given) => {
  const { store, settings } = context;
  const isForViewer = given["viewer"] === true;
  const place = "libvirt" in given || "domain" in given ? findDomain : readPlace;
  const wish: ConsoleWish = {
    ...(await place(context, given)),
    consoleType: textOf(given, "type") ?? (isForViewer ? "xvpvnc" : "novnc"),
    ttlSeconds: numberOf(given, "ttl"),
  };
  // Before anything is minted: what cannot be printed would be of no use to anybody.
  const access = accessFor(settings, isForViewer, given["json"] === true);
  const authorized = await authorizeConsole(store, settings, wish);
  const viewer = viewerJson(access, authorized.token);
  const text = isForViewer ? viewer.viewer?.command : authorized.url;
  return said(text ?? "", {
    ...authorizedJson(authorized),
    ...viewer,
    ...connectJson(authorized.info),
  });
};

/** Prints where a token leads; exit status 1 if it leads nowhere. */
export const check: Command = async (context, given) => {
  const { store, now } = context;
  const token = await readGivenToken(given, "token", context);
  if (token === null) {
    throw new SettingError("check: give - for standard input, --token-file FILE or TOKEN");
  }
  try {
    const info = await store.validate(token);
    return said(describeConsoles([info], now()), connectJson(info));
  } catch (error) {
    if (!(error instanceof InvalidTokenError)) throw error;
    return { text: error.message, json: { error: error.message }, exitStatus: 1 };
  }
};

/** Makes an instance's tokens worthless, or one token. */
export const revoke: Command = async (context, given) => {
  const { store } = context;
  const instance = textOf(given, "instance");
  const hasToken = "token" in given || "token-file" in given;
  if ((instance !== null) === hasToken) {
    throw new SettingError("revoke: give either --instance UUID or --token TOKEN");
  }
  const token = await readGivenToken(given, "--token", context);
  if (token === null) {
    if (instance === null) throw new SettingError("revoke: --instance must be given");
    const revoked = await store.revokeInstance(instance);
    return said(`revoked ${countTokens(revoked)} of instance ${instance}`, { revoked });
  }
  const revoked = (await store.revokeToken(token)) ? 1 : 0;
  return said(`revoked ${countTokens(revoked)}`, { revoked });
};

/** Prints a line per live token: what it leads to, never the token. */
export const list: Command = async ({ store, now }) => {
  const consoles = await store.list();
  return said(describeConsoles(consoles, now()), consoles.map(connectJson));
};

/** Removes what has expired. */
export const purge: Command = async ({ store }) => {
  const purged = await store.purge();
  return said(`purged ${countTokens(purged, "expired")}`, { purged });
};

/** Points an instance's tokens at the place where it lives now. */
export const move: Command = async ({ store, settings }, given) => {
  const instance = required(given, "instance");
  const endpoint = endpointOf(given);
  refuseForbiddenHost(settings, endpoint.host);
  const moved = await store.move(instance, endpoint.host, endpoint.port);
  const where = describeEndpoint(endpoint);
  return said(`moved ${countTokens(moved)} of instance ${instance} to ${where}`, { moved });
};

/** A plain access URL needs nothing of viewers, so that nothing of theirs can stand in its way. */
function accessFor(
  settings: ConsoleSettings,
  isForViewer: boolean,
  isJson: boolean,
): ViewerAccess | null {
  if (isForViewer) return openForCommandLine(settings);
  return isJson ? openForJson(settings) : null;
}

type Place = Omit<ConsoleWish, "consoleType" | "ttlSeconds">;

function readPlace(_: CommandContext, given: CommandArguments): Promise<Place> {
  return Promise.resolve({
    instanceUuid: required(given, "instance"),
    ...endpointOf(given),
    internalAccessPath: textOf(given, "internal-access-path"),
  });
}

async function findDomain(context: CommandContext, given: CommandArguments): Promise<Place> {
  for (const name of ["instance", "host", "port", "internal-access-path"]) {
    if (name in given) {
      throw new SettingError(`--${name}: cannot go with --libvirt, which finds it`);
    }
  }
  const uri = required(given, "libvirt");
  const name = required(given, "domain");
  const { environment, signal, settings } = context;
  const xml = await dumpDomainXml({ uri, name, environment, signal });
  const { host, port, domainUuid } = findVncAddress(xml, {
    proxyClientAddress: settings.proxyClientAddress,
    remoteHost: remoteHostOf(uri),
  });
  return { instanceUuid: domainUuid, host, port, internalAccessPath: null };
}

function endpointOf(given: CommandArguments): { host: string; port: number } {
  const host = required(given, "host");
  const port = numberOf(given, "port") ?? (host.startsWith("unix:") ? 0 : null);
  if (port === null) throw new SettingError("--port: must be given (1 to 65535)");
  return { host, port };
}

function required(given: CommandArguments, name: string): string {
  const text = textOf(given, name);
  if (text !== null) return text;
  throw new SettingError(`--${name}: must be given; see --help for what goes together`);
}

function textOf(given: CommandArguments, name: string): string | null {
  const value = given[name];
  return typeof value === "string" ? value : null;
}

function numberOf(given: CommandArguments, name: string): number | null {
  const value = given[name];
  return typeof value === "number" ? value : null;
}

function said(text: string, json: unknown): CommandOutput {
  return { text, json, exitStatus: 0 };
}
