import { once } from "node:events";
import { createServer } from "node:net";

/** Below the ports that Linux gives to outgoing connections, so that none of those takes one. */
const FIRST_PORT = 15_000;
const PORTS = 16_000;
const given = new Set<number>();

/** A TCP port that nobody listens on, for programs that cannot be told to pick one. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    if (given.has(port)) continue;
    given.add(port);
    const server = createServer();
    try {
      server.listen(port);
      await once(server, "listening");
    } catch {
      continue;
    }
    server.close();
    await once(server, "close");
    return port;
  }
}
