// The least that makes a WebSocket proxy in Node with `ws`: no token, no bounds, no deadlines.
import { createServer } from "node:http";
import { connect } from "node:net";
import { WebSocketServer } from "ws";

for (const [port, backend] of process.argv.slice(2).map((pair) => pair.split(":").map(Number))) {
  const http = createServer();
  const server = new WebSocketServer({ server: http, perMessageDeflate: false });
  server.on("connection", (webSocket) => {
    const socket = connect({ port: backend ?? 0, host: "127.0.0.1", noDelay: true });
    socket.on("data", (chunk) => {
      webSocket.send(chunk, () => {
        socket.resume();
      });
      if (webSocket.bufferedAmount > 1_048_576) socket.pause();
    });
    webSocket.on("message", (data: Buffer) => {
      if (socket.write(data)) return;
      webSocket.pause();
      socket.once("drain", () => {
        webSocket.resume();
      });
    });
    socket
      .on("close", () => {
        webSocket.terminate();
      })
      .on("error", () => undefined);
    webSocket.on("close", () => socket.destroy()).on("error", () => undefined);
  });
  http.listen(port, "127.0.0.1", 4096);
}
