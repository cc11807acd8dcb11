import { mkdir, copyFile, writeFile } from "node:fs/promises";
import { makePasswordFile } from "./backends.ts";
import type { Child } from "./child.ts";
import type { Desktop } from "./desktop.ts";
import { decodePng, type Picture } from "./picture.ts";
import { output } from "./run.ts";
import type { TempDir } from "./temp-dir.ts";

/** Display 0 of these viewers: they know a port by its distance to it. */
const VNC_PORT_BASE = 5900;

/** What TigerVNC's viewer is told on its command line. */
export interface TigervncOptions {
  readonly port: number;
  readonly security: "X509Plain" | "TLSPlain" | "Plain" | "VncAuth";
  /** Absent: the viewer asks its person. */
  readonly token?: string;
  /** A file with what the proxy's certificate is verified with. */
  readonly caPath?: string;
}

/** Starts TigerVNC's viewer; it prints what goes wrong, in place of a box to click away. */
export function startTigervnc(desktop: Desktop, options: TigervncOptions): Promise<Child> {
  const { port, security, token, caPath } = options;
  return desktop.start(
    "xtigervncviewer",
    [
      ...[`-SecurityTypes=${security}`, "-AlertOnFatalError=0", "-ReconnectOnError=0"],
      ...(caPath === undefined ? [] : [`-X509CA=${caPath}`]),
      `127.0.0.1::${port}`,
    ],
    token === undefined ? {} : { VNC_USERNAME: "someone", VNC_PASSWORD: token },
  );
}

/** Waits until TigerVNC's viewer asks its person. @returns what types a password into its box */
export async function untilTigervncAsks(
  desktop: Desktop,
  security: TigervncOptions["security"],
): Promise<(password: string) => Promise<void>> {
  const xdotool = (...words: readonly string[]): Promise<Buffer> =>
    output("xdotool", words, desktop.display.environment);
  const found = await xdotool("search", "--sync", "--onlyvisible", "--name", "VNC authentication");
  const [box = ""] = found.toString().trim().split("\n");
  const click = (x: string, y: string): Promise<Buffer> =>
    xdotool("mousemove", "--sync", "--window", box, x, y, "click", "1");
  return async (password) => {
    // The password's field, and OK; VncAuth has no user name above them. No window manager gives the box the focus: it is where the pointer is.
    await click("200", security === "VncAuth" ? "72" : "127");
    await xdotool("type", "--delay", "5", password);
    await click("350", security === "VncAuth" ? "107" : "162");
  };
}

/** Starts TightVNC's viewer with a password of 8 characters. */
export async function startTightvnc(
  desktop: Desktop,
  port: number,
  password: string,
): Promise<Child> {
  const passwordFile = await makePasswordFile(desktop.home, password);
  return desktop.start("xtightvncviewer", ["-passwd", passwordFile, `127.0.0.1::${port}`]);
}

/** Has vncsnapshot take a picture, with a password of 8 characters. */
export async function takeSnapshot(
  directory: TempDir,
  port: number,
  password: string,
): Promise<Picture> {
  const passwordFile = await makePasswordFile(directory, password);
  const path = directory.file("snapshot.jpg");
  await output("vncsnapshot", [
    ...["-passwd", passwordFile, "-nojpeg", "-quality", "100", "-nocursor", "-quiet"],
    ...[`127.0.0.1:${port - VNC_PORT_BASE}`, path],
  ]);
  return decodePng(await output("convert", [path, "png24:-"]));
}

/** Makes gtk-vnc, in gvncviewer and remote-viewer, trust an authority: in the user's home. */
export async function trustInGtkVnc(desktop: Desktop, caPath: string): Promise<void> {
  await mkdir(desktop.home.file(".pki/CA"), { recursive: true });
  await copyFile(caPath, desktop.home.file(".pki/CA/cacert.pem"));
}

/** Starts remote-viewer on a file's text. */
export async function startRemoteViewer(desktop: Desktop, file: string): Promise<Child> {
  const path = desktop.home.file("console.vv");
  await writeFile(path, file);
  return desktop.start("remote-viewer", ["--gtk-vnc-debug", path]);
}

/** Starts gvncviewer, and types the user name and the password into the box that it opens. */
export async function startGvncviewer(
  desktop: Desktop,
  port: number,
  password: string,
): Promise<Child> {
  const display = `127.0.0.1:${port - VNC_PORT_BASE}`;
  const child = await desktop.start("gvncviewer", ["--gtk-vnc-debug", display]);
  await child.printed(/Want a password/);
  const type = (...words: readonly string[]): Promise<Buffer> =>
    output("xdotool", words, desktop.display.environment);
  await type("search", "--sync", "--onlyvisible", "--class", "gvncviewer");
  // No window manager gives the box the focus: it is where the pointer is.
  await type("mousemove", "170", "20", "click", "1");
  await type("type", "--delay", "5", `someone\t${password}`);
  await type("mousemove", "210", "98", "click", "1");
  return child;
}
