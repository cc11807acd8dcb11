import type { Endpoint } from "@nova-console/oslo-messaging";
import {
  accessUrlBaseOf,
  buildAccessUrl,
  type ConnectInfo,
  consoleTypes,
  InvalidConsoleRequestError,
  InvalidTokenError,
  Token,
  type TokenAuthority,
} from "@nova-console/token";
import type { ConsoleSettings } from "./console-settings.ts";
import type { Revocations } from "./revocations.ts";

/** What the methods work on. */
export interface RpcContext {
  readonly store: TokenAuthority;
  readonly revocations: Pick<Revocations, "revoke">;
  /** Asked anew for each request, since a reload may change it. */
  readonly settings: () => ConsoleSettings;
  readonly log: { info(message: string, fields?: object): void };
}

type Args = Readonly<Record<string, unknown>>;

/** A token is a UUID to nova; longer than this it is none of nova's. */
const MAX_TOKEN_CHARACTERS = 255;

/**
 * nova-consoleauth's methods, versions 1.2 to 2.1.
 *
 * @see nova/consoleauth/manager.py of Grizzly and of Queens
 */
export function createRpcEndpoints(context: RpcContext): Readonly<Record<string, Endpoint>> {
  return {
    authorize_console: (args) => authorizeConsole(context, args).catch(refuseUnseen),
    check_token: (args) => checkToken(context, args),
    delete_tokens_for_instance: (args, { lost }) =>
      deleteTokensForInstance(context, args, lost).catch(refuseUnseen),
  };
}

/**
 * What every service of nova answers in the namespace `baseapi`: the ping of those who look whether it is there.
 *
 * @param service - the topic
 * @see nova/baserpc.py
 */
export function createBaseEndpoints(service: string): Readonly<Record<string, Endpoint>> {
  return { ping: ({ arg = null }) => Promise.resolve({ service, arg }) };
}

/** What must not be lost when this process ends: the message broker keeps it until the store has it. */
export const doneAtLeastOnce: ReadonlySet<string> = new Set(["delete_tokens_for_instance"]);

/** The server logs why a request was refused: what stood in an argument may be a token. */
function refuseUnseen(error: unknown): never {
  if (!(error instanceof InvalidConsoleRequestError)) throw error;
  throw new InvalidConsoleRequestError(error.field, "***", error.allowed);
}

async function authorizeConsole({ store, settings, log }: RpcContext, args: Args): Promise<void> {
  const token = requiredToken(args);
  const consoleType = requiredText(args, "console_type");
  const { baseUrls, tokenTtlSeconds } = settings();
  const vncType = consoleTypes.find((type) => type === consoleType);
  // nova sends the whole URL, with the token. Before 2.1 it sends none; then ours is as good, as of
  // a console that is not VNC nothing but the scheme is ever looked at.
  const accessUrl = optionalText(args, "access_url");
  const { info } = await store.authorize({
    token,
    consoleType,
    host: requiredText(args, "host"),
    port: portFrom(args["port"]),
    internalAccessPath: optionalText(args, "internal_access_path"),
    instanceUuid: requiredText(args, "instance_uuid"),
    accessUrlBase:
      accessUrl === null ? baseUrls[vncType ?? "novnc"] : accessUrlBaseOf(accessUrl, token),
    ttlSeconds: tokenTtlSeconds,
  });
  log.info("console authorized over RPC", {
    token: token.id,
    instance: info.instanceUuid,
    type: info.consoleType,
  });
}

async function checkToken({ store, settings }: RpcContext, args: Args): Promise<object | null> {
  const token = requiredToken(args);
  try {
    return connectInfoOf(await store.validate(token), token, settings());
  } catch (error) {
    // nova's answer to a token that is not good.
    if (error instanceof InvalidTokenError) return null;
    throw error;
  }
}

async function deleteTokensForInstance(
  { revocations }: RpcContext,
  args: Args,
  lost: AbortSignal,
): Promise<void> {
  await revocations.revoke(requiredText(args, "instance_uuid"), lost);
}

function connectInfoOf(info: ConnectInfo, token: Token, settings: ConsoleSettings): object {
  return {
    token: token.reveal(),
    instance_uuid: info.instanceUuid,
    console_type: info.consoleType,
    host: info.host,
    port: info.port,
    internal_access_path: info.internalAccessPath,
    access_url:
      info.accessUrlBase === null
        ? null
        : buildAccessUrl(info.accessUrlBase, token, info.consoleType),
    last_activity_at: info.expires - settings.tokenTtlSeconds,
  };
}

function requiredToken(args: Args): Token {
  const text = args["token"];
  if (typeof text === "string" && text !== "" && text.length <= MAX_TOKEN_CHARACTERS) {
    return new Token(text);
  }
  // Not shown: whatever it is, it may be somebody's.
  throw new InvalidConsoleRequestError("token", "***", `1 to ${MAX_TOKEN_CHARACTERS} characters`);
}

function requiredText(args: Args, name: string): string {
  const text = optionalText(args, name);
  if (text === null) throw new InvalidConsoleRequestError(name, "nothing", "a text");
  return text;
}

/** Empty is absent: drivers without an access path send either. */
function optionalText(args: Args, name: string): string | null {
  const value = args[name] ?? "";
  if (typeof value !== "string") throw new InvalidConsoleRequestError(name, typeof value, "a text");
  return value === "" ? null : value;
}

/** libvirt's driver sends digits, others a number. */
function portFrom(port: unknown): number {
  if (typeof port === "number") return port;
  return typeof port === "string" && /^\d{1,5}$/.test(port) ? Number(port) : NaN;
}
