import type { IncomingMessage } from "node:http";
import { type TokenAuthority, Token } from "@nova-console/token";
import {
  optionalNumber,
  optionalText,
  readJsonBody,
  refuseUnknown,
  requiredText,
} from "./api-body.ts";
import { ApiProblem } from "./api-problem.ts";
import { authorizeConsole, refuseForbiddenHost } from "./authorize-console.ts";
import { authorizedJson, connectJson, tokenIdOf } from "./console-json.ts";
import type { ConsoleSettings } from "./console-settings.ts";
import { openForApi } from "./viewer-access.ts";
import { viewerJson } from "./viewer-json.ts";

/** What a route answers. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: ApiBody;
  /** What the log may know of it: never a token. */
  readonly logged: Readonly<Record<string, string | number>>;
}

/** What a caller reads: a document, or metrics in the text format of Prometheus. */
export type ApiBody = { readonly json: unknown } | { readonly metrics: string };

/** What the routes work on. */
export interface ApiContext {
  readonly store: TokenAuthority;
  /** Asked anew for each request, since a reload may change it. */
  readonly settings: () => ConsoleSettings;
  /** In the text format of Prometheus. */
  readonly metrics: () => string;
}

/** A path of the API, and what may be done with it. */
export interface ApiRoute {
  /** For the log, which must not show the path: it may hold a token. */
  readonly name: string;
  readonly path: RegExp;
  readonly methods: ReadonlyMap<string, ApiMethod>;
}

/** @param segment - what the path has where the route's name has braces, decoded; empty if nothing */
type ApiMethod = (
  context: ApiContext,
  segment: string,
  request: IncomingMessage,
) => Promise<ApiAnswer>;

const NEW_CONSOLE_MEMBERS = [
  "instance_uuid",
  "host",
  "port",
  "console_type",
  "ttl",
  "internal_access_path",
] as const;
const ENDPOINT_MEMBERS = ["host", "port"] as const;

/** The HTTP API of nova-consoleauth, version 1. */
export const apiRoutes: readonly ApiRoute[] = [
  { name: "/v1/consoles", path: /^\/v1\/consoles$/, methods: new Map([["POST", createConsole]]) },
  {
    name: "/v1/consoles/{token}",
    path: /^\/v1\/consoles\/([^/]+)$/,
    methods: new Map([["GET", readConsole]]),
  },
  {
    name: "/v1/instances/{uuid}/consoles",
    path: /^\/v1\/instances\/([^/]+)\/consoles$/,
    methods: new Map([["DELETE", revokeConsoles]]),
  },
  {
    name: "/v1/instances/{uuid}/endpoint",
    path: /^\/v1\/instances\/([^/]+)\/endpoint$/,
    methods: new Map([["PUT", moveConsoles]]),
  },
  { name: "/metrics", path: /^\/metrics$/, methods: new Map([["GET", readMetrics]]) },
];

async function createConsole(
  { store, settings }: ApiContext,
  _: string,
  request: IncomingMessage,
): Promise<ApiAnswer> {
  const members = await readJsonBody(request);
  refuseUnknown(members, NEW_CONSOLE_MEMBERS);
  const host = requiredText(members, "host");
  const authorized = await authorizeConsole(store, settings(), {
    instanceUuid: requiredText(members, "instance_uuid"),
    host,
    port: portFor(host, optionalNumber(members, "port")),
    consoleType: requiredText(members, "console_type"),
    ttlSeconds: optionalNumber(members, "ttl"),
    internalAccessPath: optionalText(members, "internal_access_path"),
  });
  const { info, token } = authorized;
  const { access, problem } = openForApi(settings());
  return {
    status: 201,
    body: { json: { ...authorizedJson(authorized), ...viewerJson(access, token) } },
    logged: {
      ...{ token: tokenIdOf(info), instance: info.instanceUuid, type: info.consoleType },
      ...(problem === null ? {} : { viewer_problem: problem }),
    },
  };
}

async function readConsole({ store }: ApiContext, segment: string): Promise<ApiAnswer> {
  const info = await store.validate(new Token(segment));
  return {
    status: 200,
    body: { json: connectJson(info) },
    logged: { token: tokenIdOf(info), instance: info.instanceUuid },
  };
}

async function revokeConsoles({ store }: ApiContext, segment: string): Promise<ApiAnswer> {
  const revoked = await store.revokeInstance(segment);
  return {
    status: 200,
    body: { json: { revoked } },
    logged: { ...instanceOf(segment, revoked), revoked },
  };
}

async function moveConsoles(
  { store, settings }: ApiContext,
  segment: string,
  request: IncomingMessage,
): Promise<ApiAnswer> {
  const members = await readJsonBody(request);
  refuseUnknown(members, ENDPOINT_MEMBERS);
  const host = requiredText(members, "host");
  const port = portFor(host, optionalNumber(members, "port"));
  refuseForbiddenHost(settings(), host);
  const moved = await store.move(segment, host, port);
  const place = moved === 0 ? {} : { host, port };
  return {
    status: 200,
    body: { json: { moved } },
    logged: { ...instanceOf(segment, moved), ...place, moved },
  };
}

function readMetrics({ metrics }: ApiContext): Promise<ApiAnswer> {
  return Promise.resolve({ status: 200, body: { metrics: metrics() }, logged: {} });
}

/** For the log: a UUID that no token is of may be a token itself. */
function instanceOf(uuid: string, tokens: number): { readonly instance?: string } {
  return tokens === 0 ? {} : { instance: uuid };
}

/** A unix socket has no port: it may be left out. */
function portFor(host: string, port: number | null): number {
  if (port !== null) return port;
  if (host.startsWith("unix:")) return 0;
  throw new ApiProblem(400, "port is missing", "port: a whole number from 1 to 65535");
}
