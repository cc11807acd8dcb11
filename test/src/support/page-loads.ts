import { once } from "node:events";
import { Agent, get, type IncomingMessage } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

/** How a page is loaded again and again. */
export interface PageLoadOptions {
  readonly port: number;
  readonly loads: number;
  /** Over which they are spread evenly; 0: each begins at once. */
  readonly withinMs?: number;
}

/**
 * Loads the page as so many browsers do, each on a connection of its own, which it keeps.
 *
 * @returns how many loads ended with each status; 0 is a connection that broke
 */
export async function loadPages(options: PageLoadOptions): Promise<Record<number, number>> {
  const { port, loads, withinMs = 0 } = options;
  using browsers = new DisposableStack();
  const statuses = await Promise.all(
    Array.from({ length: loads }, async (_, at) => {
      await delay((at * withinMs) / loads);
      const agent = browsers.adopt(new Agent({ keepAlive: true }), (each) => {
        each.destroy();
      });
      return loadPage(port, agent);
    }),
  );
  const counts: Record<number, number> = {};
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

async function loadPage(port: number, agent: Agent): Promise<number> {
  const request = get({ host: "127.0.0.1", port, path: "/vnc_lite.html", agent });
  try {
    const [response] = (await once(request, "response")) as [IncomingMessage];
    response.resume();
    await once(response, "end");
    return response.statusCode ?? 0;
  } catch {
    return 0;
  }
}
