import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Finds a port of an address that nobody listens on: `preferred` if it can be had, else any.
 *
 * Between this and the use of the port somebody may take it: then that use fails, and says so.
 */
export async function pickPort(host: string, preferred: number): Promise<number> {
  return (await tryPort(host, preferred)) ?? (await tryPort(host, 0)) ?? preferred;
}

/** @returns the port that was had for a moment; null if it could not be */
async function tryPort(host: string, port: number): Promise<number | null> {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, "listening");
    const address = server.address();
    return address === null || typeof address === "string" ? null : address.port;
  } catch {
    // Taken, or below 1024: either way it is not to be had.
    return null;
  } finally {
    server.close();
  }
}
