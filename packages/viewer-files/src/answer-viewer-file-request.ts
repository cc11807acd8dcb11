import {
  InvalidTokenError,
  type ConnectInfo,
  type Token,
  type TokenStore,
} from "@nova-console/token";
import type { PeerWatch, Throttle } from "@nova-console/throttle";
import { printableLine } from "./printable-line.ts";
import { tigerVncFile } from "./tigervnc-file.ts";
import { viewerTicketOf, type ViewerAccess, type ViewerTicket } from "./viewer-access.ts";
import { virtViewerFile } from "./virt-viewer-file.ts";

/** A request for a viewer's file, of whatever protocol it came in. */
export interface ViewerFileRequest {
  /** Of the request target, without the query. */
  readonly path: string;
  /** What was presented; null if nothing was. */
  readonly token: Token | null;
  readonly tokens: Pick<TokenStore, "validate">;
  readonly access: ViewerAccess;
  /** Delays those who show wrong tokens again and again. */
  readonly throttle: Throttle;
  /** Where the request came from. */
  readonly address: string;
  /** Says when the viewer leaves. */
  readonly watch: PeerWatch;
}

/** What to answer; the body is left out for a HEAD. */
export interface ViewerFileAnswer {
  readonly status: 200 | 400 | 403 | 429 | 503;
  /** `Content-Length` is among them. */
  readonly headers: Readonly<Record<string, string>>;
  /** UTF-8. */
  readonly body: string;
}

interface FileKind {
  readonly fileName: string;
  readonly contentType: string;
  readonly write: (ticket: ViewerTicket, title: string) => string;
}

const KINDS: ReadonlyMap<string, FileKind> = new Map([
  [
    "/console.vv",
    { fileName: "console.vv", contentType: "application/x-virt-viewer", write: virtViewerFile },
  ],
  [
    "/console.vnc",
    { fileName: "console.tigervnc", contentType: "application/x-tigervnc", write: tigerVncFile },
  ],
]);

/** The consoles that a VNC viewer can show. */
const VNC_CONSOLE_TYPES: ReadonlySet<string> = new Set(["novnc", "xvpvnc"]);

/** What is in the answer is for the token's owner only: no cache, no Referer, no guess of a type. */
const PRIVATE_HEADERS = {
  "Cache-Control": "no-store",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
} as const;

/**
 * Answers `GET /console.vv?token=` and `GET /console.vnc?token=`. Never throws, and says nothing of a
 * token but to who has a good one.
 *
 * ```
 * 200  the file
 * 400  no token
 * 403  unknown, expired, or for a console that is no screen
 * 429  unknown or expired as well, after too many of those from this address
 * 503  the store cannot say
 * ```
 *
 * @returns null if the path is neither
 */
export async function answerViewerFileRequest(
  request: ViewerFileRequest,
): Promise<ViewerFileAnswer | null> {
  const { path, token, tokens, access, throttle, address } = request;
  const kind = KINDS.get(path);
  if (kind === undefined) return null;
  if (token === null) {
    return words(400, `no token: ask for ${path}?token=TOKEN`);
  }
  const delay = throttle.admit(address, request.watch);
  if (delay !== null && (await delay) !== "admitted") return tooMany(request);
  let info: ConnectInfo;
  try {
    info = await tokens.validate(token);
  } catch (error) {
    if (!(error instanceof InvalidTokenError)) {
      return words(503, "the token cannot be checked now: try again in a moment");
    }
    throttle.failed(address);
    if (delay !== null) return tooMany(request);
    return words(403, `${error.message}: open the console again from the dashboard`);
  }
  if (!VNC_CONSOLE_TYPES.has(info.consoleType)) {
    return words(
      403,
      `token is for a ${printableLine(info.consoleType)} console, not for a screen`,
    );
  }
  const title = `Console of ${info.instanceUuid}`;
  return answer(200, kind.write(viewerTicketOf(access, token), title), {
    "Content-Type": kind.contentType,
    "Content-Disposition": `attachment; filename="${kind.fileName}"`,
  });
}

function tooMany({ throttle, address }: ViewerFileRequest): ViewerFileAnswer {
  const seconds = String(Math.max(1, throttle.retryAfterSeconds(address)));
  return words(429, "too many wrong tokens from your address", { "Retry-After": seconds });
}

function words(
  status: 400 | 403 | 429 | 503,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): ViewerFileAnswer {
  const type = { "Content-Type": "text/plain; charset=utf-8" };
  return answer(status, `${text}\n`, { ...type, ...headers });
}

function answer(
  status: ViewerFileAnswer["status"],
  body: string,
  headers: Readonly<Record<string, string>>,
): ViewerFileAnswer {
  const length = { "Content-Length": String(Buffer.byteLength(body)) };
  return { status, headers: { ...headers, ...length, ...PRIVATE_HEADERS }, body };
}
