import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { writeFileSync, mkdirSync } from "node:fs";
import {
  differingFraction,
  openWebSocket,
  openXvp,
  RfbViewer,
  webSocketUrl,
  type XVncServer,
} from "@nova-console/test/support";
import type { SystemdMachine } from "./systemd-machine.ts";

const OPENING_LIMIT_MS = 60_000;
/** How much of a picture may differ: the terminal's cursor blinks. */
const LIKENESS = 0.01;

/** Which of the two ports. */
export type Front = "novnc" | "xvpvnc";

/** A console in a viewer on this machine, through a proxy on that one, of a VNC server on this one. */
export class MachineConsole implements Disposable {
  readonly #viewer: RfbViewer;
  readonly #server: XVncServer;

  private constructor(viewer: RfbViewer, server: XVncServer) {
    this.#viewer = viewer;
    this.#server = server;
  }

  /** Asks for a token as an operator does, and opens the URL that is printed. */
  static async open(
    machine: SystemdMachine,
    server: XVncServer,
    front: Front,
  ): Promise<MachineConsole> {
    const { host, port } = server.endpoint;
    const printed = await machine.output(
      ...["runuser", "-u", "nova", "--", "nova-consoleauth", "authorize", "--type", front],
      ...["--instance", randomUUID(), "--host", host, "--port", String(port)],
    );
    const url = new URL(printed.trim());
    const signal = AbortSignal.timeout(OPENING_LIMIT_MS);
    const channel =
      front === "novnc"
        ? (await openWebSocket(webSocketUrl(url))).channel
        : (await openXvp({ method: "CONNECT", url }, signal)).channel;
    // Reads of a console that was opened long ago must not end with the limit for its opening.
    const viewer = await RfbViewer.open(channel, new AbortController().signal);
    return new MachineConsole(viewer, server);
  }

  /** Asks for the whole screen over this connection, and compares it with what the server shows. */
  async showsTheScreen(): Promise<void> {
    const seen = await this.#viewer.picture();
    assert.ok(differingFraction(seen, await this.#server.truth()) < LIKENESS);
  }

  close(): void {
    this.#viewer.channel.destroy();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Writes a nova.conf as the guide has it, with the names that options had when it was written. */
export function writeNovaConf(machine: SystemdMachine): void {
  const { address } = machine;
  mkdirSync(machine.path("/etc/nova"), { recursive: true });
  writeFileSync(
    machine.path("/etc/nova/nova.conf"),
    `[DEFAULT]
vnc_enabled = true
vncserver_listen = 0.0.0.0
vncserver_proxyclient_address = ${address}
novncproxy_base_url = http://${address}:6080/vnc_auto.html
novncproxy_port = 6080
xvpvncproxy_base_url = http://${address}:6081/console
xvpvncproxy_port = 6081
[console_proxy]
# Where tests run, systemd may not be allowed as many file descriptors as units ask for.
max_sessions = 2000
`,
  );
}
