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

/**
 * Makes one with openssl.
 *
 * @param name - host name that it is for instead of the loopback addresses
 */
export async function makeCertificate(directory: TempDir, name?: string): Promise<Certificate> {
  const names = name === undefined ? "IP:127.0.0.1,IP:::1" : `DNS:${name}`;
  const certPath = directory.file("cert.pem");
  const keyPath = directory.file("key.pem");
  await output("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"],
    ...["-days", "2", "-subj", `/CN=${name ?? "127.0.0.1"}`, "-addext", `subjectAltName=${names}`],
    ...["-keyout", keyPath, "-out", certPath],
  ]);
  return { certPath, keyPath, ca: await readFile(certPath) };
}
