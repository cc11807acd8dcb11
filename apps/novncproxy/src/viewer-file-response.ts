import type { IncomingMessage, ServerResponse } from "node:http";
import { Token, type TokenStore } from "@nova-console/token";
import { type Throttle, untilClosed } from "@nova-console/throttle";
import { answerViewerFileRequest, type ViewerAccess } from "@nova-console/viewer-files";
import { lastValue } from "./query.ts";
import { parseRequestTarget } from "./request-target.ts";

/** What {@link respondWithViewerFile} needs. */
export interface ViewerFileOptions {
  readonly tokens: TokenStore;
  /** null if there is no address that viewers could go to. */
  readonly access: ViewerAccess | null;
  readonly throttle: Throttle;
  readonly viewerAddress: string;
}

/**
 * Answers a GET or a HEAD for a desktop viewer's file, `/console.vv` or `/console.vnc`.
 *
 * @returns false if the request is for something else; nothing was written then
 */
export async function respondWithViewerFile(
  request: IncomingMessage,
  response: ServerResponse,
  { tokens, access, throttle, viewerAddress }: ViewerFileOptions,
): Promise<boolean> {
  if (access === null) return false;
  const { path, query } = parseRequestTarget(request.url ?? "");
  const text = lastValue(query, "token") ?? "";
  const token = text === "" ? null : new Token(text);
  const answer = await answerViewerFileRequest({
    ...{ path, token, tokens, access, throttle },
    ...{ address: viewerAddress, watch: untilClosed(response) },
  });
  if (answer === null) return false;
  response.writeHead(answer.status, answer.headers);
  response.end(request.method === "HEAD" ? "" : answer.body);
  return true;
}
