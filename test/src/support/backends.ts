import { writeFile } from "node:fs/promises";
import type { Authority } from "./authority.ts";
import { QemuServer } from "./qemu.ts";
import { run } from "./run.ts";
import type { TempDir } from "./temp-dir.ts";

/** What a machine is told when viewers must come in TLS and show a certificate of this authority. */
export function x509Machine(authority: Authority): Promise<QemuServer> {
  return QemuServer.start("tcp", {
    vnc: ["tls-creds=tls0"],
    args: ["-object", tlsCredentials(authority, true)],
  });
}

/** A machine that asks for a password of at most 8 characters, in TLS if there is an authority. */
export function passwordMachine(password: string, authority?: Authority): Promise<QemuServer> {
  const secret = ["-object", `secret,id=password,data=${password}`];
  if (authority === undefined) {
    return QemuServer.start("tcp", { vnc: ["password-secret=password"], args: secret });
  }
  return QemuServer.start("tcp", {
    vnc: ["password-secret=password", "tls-creds=tls0"],
    args: [...secret, "-object", tlsCredentials(authority, false)],
  });
}

function tlsCredentials({ qemuDirectory }: Authority, verifyPeer: boolean): string {
  const verify = verifyPeer ? "on" : "off";
  return `tls-creds-x509,id=tls0,endpoint=server,dir=${qemuDirectory},verify-peer=${verify}`;
}

/**
 * Writes a VNC password as servers and viewers read it from a file.
 *
 * @returns the file's path
 */
export async function makePasswordFile(directory: TempDir, password: string): Promise<string> {
  const path = directory.file(`vnc-password-${password}`);
  const plainPath = `${path}.txt`;
  await writeFile(plainPath, `${password}\n`);
  const { status, stderr } = await run("sh", [
    ...["-c", 'tightvncpasswd -f < "$1" > "$2"', "sh", plainPath, path],
  ]);
  if (status !== 0) throw new Error(`tightvncpasswd: ${stderr}`);
  return path;
}
