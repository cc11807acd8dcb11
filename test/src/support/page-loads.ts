import { once } from "node:events";
import { get, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

/** How a page is loaded again and again. */
export interface PageLoadOptions {
  readonly port: number;
  readonly loads: number;
  /** Over which they are spread evenly; 0: each begins at once. */
  readonly withinMs?: number;
  readonly headers?: OutgoingHttpHeaders;
}

/**
 * Loads the page as so many browsers do, each on a connection of its own.
 *
 * @returns how many loads ended with each status; 0 is a connection that broke
 */
export async function loadPages(options: PageLoadOptions): Promise<Record<number, number>> {
  const { loads, withinMs = 0 } = options;
  const statuses = await Promise.all(
    Array.from({ length: loads }, async (_, at) => {
      await delay((at * withinMs) / loads);
      return loadPage(options);
    }),
  );
  const counts: Record<number, number> = {};
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

async function loadPage({ port, headers = {} }: PageLoadOptions): Promise<number> {
  const request = get({ host: "127.0.0.1", port, path: "/vnc_lite.html", headers, agent: false });
  try {
    const [response] = (await once(request, "response")) as [IncomingMessage];
    response.resume();
    await once(response, "end");
    return response.statusCode ?? 0;
  } catch {
    return 0;
  }
}
