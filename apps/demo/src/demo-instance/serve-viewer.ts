import type { Socket } from "node:net";
import { ByteReader } from "@nova-console/byte-stream";
import { admitWithoutSecurity, exchangeVersions } from "@nova-console/rfb";
import { type ClientMessage, readClientMessage } from "./client-message.ts";
import { Keyboard } from "./keyboard.ts";
import type { LiveScreen } from "./live-screen.ts";
import { nativeFormat } from "./pixel-format.ts";
import { movePointer, setClipboard, typeKey } from "./screen-content.ts";
import { encodeServerCutText, encodeServerInit } from "./server-message.ts";
import { UpdateSender } from "./update-sender.ts";

/** The RFB desktop name. */
const DESKTOP_NAME = "demo-instance (nova-console)";

const HANDSHAKE_TIMEOUT_MS = 10_000;

/**
 * Shows the screen to one viewer until it leaves.
 *
 * @param socket - just accepted, paused; it is the caller's to close
 * @param signal - ends every wait
 * @throws whatever ended it: the viewer's leaving is an `UnexpectedEofError`
 */
export async function serveViewer(
  socket: Socket,
  screen: LiveScreen,
  signal: AbortSignal,
): Promise<void> {
  await greet(socket, screen, AbortSignal.any([signal, AbortSignal.timeout(HANDSHAKE_TIMEOUT_MS)]));

  const sender = new UpdateSender(socket, screen, signal);
  const reader = new ByteReader(socket, signal);
  const keyboard = new Keyboard();
  screen.update((content) => ({ ...content, viewerCount: content.viewerCount + 1 }));
  try {
    for (;;) {
      const message = await readClientMessage(reader);
      apply(message, { socket, screen, sender, keyboard });
    }
  } finally {
    screen.update((content) => ({ ...content, viewerCount: content.viewerCount - 1 }));
    reader.release();
    sender.close();
  }
}

/** Runs RFC 6143 §7.1 to §7.3: versions, security None, initialisation. */
async function greet(socket: Socket, screen: LiveScreen, signal: AbortSignal): Promise<void> {
  const version = await exchangeVersions(socket, signal);
  await admitWithoutSecurity(socket, version, signal);
  const reader = new ByteReader(socket, signal);
  try {
    // ClientInit's shared-flag: nobody is ever sent away from the demo.
    await reader.readU8();
  } finally {
    reader.release();
  }
  socket.write(encodeServerInit(screen.picture, nativeFormat, DESKTOP_NAME));
}

interface ViewerParts {
  readonly socket: Socket;
  readonly screen: LiveScreen;
  readonly sender: UpdateSender;
  readonly keyboard: Keyboard;
}

function apply(message: ClientMessage, { socket, screen, sender, keyboard }: ViewerParts): void {
  switch (message.type) {
    case "SetPixelFormat":
      sender.setFormat(message.format);
      break;
    case "SetEncodings":
      sender.setEncodings(message.encodings);
      break;
    case "FramebufferUpdateRequest":
      sender.request(message.area, message.isIncremental);
      break;
    case "KeyEvent": {
      const press = keyboard.apply(message.keysym, message.isDown);
      if (press === null) break;
      screen.update((content) => ({ ...typeKey(content, press.action), chord: press.chord }));
      // A viewer that does not read gets no further copies.
      if (press.action.type === "copy" && !socket.writableNeedDrain) {
        socket.write(encodeServerCutText(screen.content.text));
      }
      break;
    }
    case "PointerEvent":
      screen.update((content) => movePointer(content, message.pointer));
      break;
    case "ClientCutText":
      screen.update((content) => setClipboard(content, message.text));
      break;
  }
}
