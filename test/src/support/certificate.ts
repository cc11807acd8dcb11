import { readFile } from "node:fs/promises";
import { output } from "./run.ts";
import type { TempDir } from "./temp-dir.ts";

/** A certificate for loopback, signed by itself, in files. */
export interface Certificate {
  readonly certPath: string;
  readonly keyPath: string;
  /** What a client verifies it with. */
  readonly ca: Buffer;
}

/** Makes one with openssl. */
export async function makeCertificate(directory: TempDir): Promise<Certificate> {
  const certPath = directory.file("cert.pem");
  const keyPath = directory.file("key.pem");
  await output("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"],
    ...["-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1,IP:::1"],
    ...["-keyout", keyPath, "-out", certPath],
  ]);
  return { certPath, keyPath, ca: await readFile(certPath) };
}
