import { endedByProxy, ScriptedBackend, type Script } from "./scripted-backend.ts";

const PIECE = Buffer.alloc(65_536, 7);
const DRIP_INTERVAL_MS = 100;

/** What a backend does with a viewer that is in, and with its end. */
const behaviours = {
  ends: { run: () => Promise.resolve() },
  "goes on": {
    run: (socket) =>
      new Promise((resolve) => {
        const send = (): void => {
          while (socket.writable && socket.write(PIECE));
        };
        socket.on("drain", send);
        socket.once("close", resolve);
        socket.resume();
        send();
      }),
  },
  drips: {
    run: (socket) =>
      new Promise((resolve) => {
        const timer = setInterval(() => socket.write("x"), DRIP_INTERVAL_MS);
        socket.resume().once("close", () => {
          clearInterval(timer);
          resolve();
        });
      }),
  },
  // Its last byte is read, and its end is ignored.
  "ignores FIN": {
    run: (socket) => new Promise((resolve) => socket.resume().once("close", resolve)),
  },
  "reads nothing": { run: (socket) => endedByProxy(socket.pause()) },
} satisfies Record<string, Script>;

/** Starts a backend of each behaviour. */
export function startLeavingBackends(owned: AsyncDisposableStack): Promise<ScriptedBackend[]> {
  return Promise.all(
    Object.values(behaviours).map(async (script: Script) =>
      owned.use(await ScriptedBackend.start(script)),
    ),
  );
}
