import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";

/** Longest answer: 20000 sessions are 8 MB. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

/** What a left worker answered. */
export interface LeftAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * Sends one request to the socket of a left worker.
 *
 * @param limitMs - for the whole exchange
 * @throws Node's error if nobody answers; `ECONNREFUSED` if the process of the socket is gone
 */
export async function askLeftWorker(
  socketPath: string,
  method: "GET" | "DELETE" | "POST",
  path: string,
  limitMs: number,
): Promise<LeftAnswer> {
  const signal = AbortSignal.timeout(limitMs);
  // A connection of its own: none stays open to a worker that hangs.
  const asked = request({ socketPath, method, path, agent: false, signal });
  asked.end();
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  // Errors after the response are the response's, too.
  asked.on("error", () => undefined);
  let body = "";
  response.setEncoding("utf8");
  for await (const text of response as AsyncIterable<string>) {
    body += text;
    if (body.length > MAX_ANSWER_BYTES) {
      throw new RangeError(`answer of more than ${MAX_ANSWER_BYTES} bytes`);
    }
  }
  return { status: response.statusCode ?? 0, body };
}
