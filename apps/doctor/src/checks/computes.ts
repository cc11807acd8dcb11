import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect, isIP, type Socket } from "node:net";
import { lookupWithin } from "@nova-console/name-lookup";
import { openTokenAuthority } from "@nova-console/token-stores";
import { DoctorInputError } from "../errors.ts";
import { finding, fine, notChecked, type Result } from "../finding.ts";
import { limitTime, messageOf } from "../host/limit-time.ts";
import type { CheckContext } from "./context.ts";
import { sqliteFileOf } from "./token-store.ts";

/** A VNC server to try. */
export interface Compute {
  readonly host: string;
  readonly port: number;
  /** Whether an instance has to be there: one that the operator names; a token's may be off. */
  readonly isNamed: boolean;
}

/** What answered. */
export type ComputeAnswer =
  | { readonly kind: "rfb"; readonly version: string }
  | { readonly kind: "other"; readonly first: string }
  | { readonly kind: "silent" }
  | { readonly kind: "failed"; readonly code: string; readonly why: string };

const CONNECT_LIMIT_MS = 5_000;
const BANNER_LIMIT_MS = 3_000;
const LIST_LIMIT_MS = 10_000;
const MOST_COMPUTES = 20;
const DEFAULT_PORT = 5900;
const RFB_VERSION = /^RFB (\d{3}\.\d{3})\n/;
const MAX_BANNER_BYTES = 12;

/** Tries the VNC ports of the computes that are named, or else those that live tokens lead to. */
export async function checkComputes(context: CheckContext): Promise<Result[]> {
  const named = context.computes.map((text) => parseCompute(text));
  let computes: readonly Compute[] = named;
  if (named.length === 0) {
    const listed = await listComputes(context);
    if ("why" in listed) return [notChecked(`${listed.why}; name one: --compute HOST[:PORT]`)];
    computes = listed.computes;
  }
  if (computes.length === 0) {
    return [notChecked("no live token leads anywhere; name one: --compute HOST[:PORT]")];
  }
  return Promise.all(
    computes
      .slice(0, MOST_COMPUTES)
      .map(async (compute) => judgeCompute(compute, await askCompute(compute))),
  );
}

/** Says whether what answered is a VNC server. */
export function judgeCompute({ host, port, isNamed }: Compute, answer: ComputeAnswer): Result {
  const where = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  const onCompute = [
    `on ${host}: ss -lntp | grep ${port}    (an address that this host reaches? [vnc] server_listen)`,
    `on ${host}: iptables -I INPUT 1 -p tcp --dport 5900:5999 -s THIS_HOST -j ACCEPT`,
  ];
  switch (answer.kind) {
    case "rfb":
      return fine(`${where} answers: RFB ${answer.version}`);
    case "silent":
      return finding(
        "compute-no-rfb",
        `${where} takes a connection, and sends nothing for ${BANNER_LIMIT_MS / 1000} s`,
        onCompute,
      );
    case "other":
      return finding(
        "compute-no-rfb",
        `${where} answers ${JSON.stringify(answer.first)}, which is no RFB`,
        onCompute,
      );
    case "failed":
      if (answer.code.startsWith("NAME_ERR_")) {
        return finding("compute-name", `${host} does not resolve here: ${answer.why}`, [
          `getent hosts ${host}`,
        ]);
      }
      if (!isNamed && answer.code === "ECONNREFUSED") {
        return notChecked(`${where} refuses a connection: the instance of that token may be off`);
      }
      return finding("compute-unreachable", `${where} cannot be reached: ${answer.why}`, onCompute);
  }
}

/** Connects, and waits for the version that a VNC server sends first. @see RFC 6143 section 7.1.1 */
async function askCompute({ host, port }: Compute): Promise<ComputeAnswer> {
  const socket = connect({ host, port, lookup: lookupWithin(CONNECT_LIMIT_MS) });
  socket.on("error", () => undefined);
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(CONNECT_LIMIT_MS) });
    return await readBanner(socket);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const why =
      code === "ABORT_ERR" ? `no answer within ${CONNECT_LIMIT_MS / 1000} s` : messageOf(error);
    return { kind: "failed", code, why };
  } finally {
    socket.destroy();
  }
}

/** `HOST`, `HOST:PORT`, `[IPV6]:PORT`. @throws {@link DoctorInputError} for anything else */
export function parseCompute(text: string): Compute {
  const match = /^(?:\[([\da-fA-F:.]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2] ?? (isIP(text) === 6 ? text : undefined);
  const port = Number(match?.[3] ?? DEFAULT_PORT);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new DoctorInputError(
      `--compute: found ${JSON.stringify(text.slice(0, 60))}, must be HOST, HOST:PORT or [IPV6]:PORT`,
    );
  }
  return { host, port, isNamed: true };
}

async function readBanner(socket: Socket): Promise<ComputeAnswer> {
  let seen = "";
  const signal = AbortSignal.timeout(BANNER_LIMIT_MS);
  while (seen.length < MAX_BANNER_BYTES) {
    try {
      const [chunk] = (await once(socket, "data", { signal })) as [Buffer];
      seen += chunk.toString("latin1");
    } catch {
      break;
    }
  }
  const version = RFB_VERSION.exec(seen)?.[1];
  if (version !== undefined) return { kind: "rfb", version };
  return seen === "" ? { kind: "silent" } : { kind: "other", first: seen.slice(0, 40) };
}

/** Where the live tokens lead to. */
async function listComputes({
  novnc,
  now,
}: CheckContext): Promise<{ readonly computes: readonly Compute[] } | { readonly why: string }> {
  const { console_proxy, api_database } = novnc.values;
  const store = console_proxy.token_store;
  if (store === "nova_api" || store === "consoleauth" || (api_database.connection ?? "") !== "") {
    return { why: "this token store does not list its tokens" };
  }
  const file = sqliteFileOf(novnc);
  if (file !== null) {
    if (!existsSync(file)) return { why: "there are no tokens yet" };
  }
  try {
    const list = async (): Promise<readonly Compute[]> => {
      const authority = await openTokenAuthority(novnc.values, { now });
      try {
        const found = await authority.list();
        const keys = new Map<string, Compute>();
        for (const { host, port, consoleType, internalAccessPath } of found) {
          const isVnc = consoleType === "novnc" || consoleType === "xvpvnc";
          // A hypervisor's own proxy wants a CONNECT first; a unix socket is on this host.
          if (!isVnc || internalAccessPath !== null || host.startsWith("unix:")) continue;
          keys.set(`${host} ${port}`, { host, port, isNamed: false });
        }
        return [...keys.values()];
      } finally {
        await authority.close();
      }
    };
    return { computes: await limitTime("the token store", LIST_LIMIT_MS, list()) };
  } catch (error) {
    return { why: `the token store does not list its tokens: ${messageOf(error)}` };
  }
}
