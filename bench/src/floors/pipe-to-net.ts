// The least that makes a TCP or TLS proxy in Node: two pipes.
import { readFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";

const [pemPath = "", ...pairs] = process.argv.slice(2);
const options = { noDelay: true, allowHalfOpen: false };

for (const [port, backend] of pairs.map((pair) => pair.split(":").map(Number))) {
  const serve = (viewer: Socket): void => {
    const socket = connect({ port: backend ?? 0, host: "127.0.0.1", noDelay: true });
    viewer.pipe(socket).on("error", () => viewer.destroy());
    socket.pipe(viewer).on("error", () => socket.destroy());
    socket.on("close", () => viewer.destroy());
    viewer.on("close", () => socket.destroy());
  };
  const pem = pemPath === "-" ? null : readFileSync(pemPath);
  const server =
    pem === null
      ? createServer(options, serve)
      : createTlsServer({ ...options, cert: pem, key: pem }, serve);
  server.listen({ port, host: "127.0.0.1", backlog: 4096 });
}
