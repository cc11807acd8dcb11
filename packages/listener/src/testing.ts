/**
 * Certificates for tests.
 *
 * @packageDocumentation
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A self-made certificate in files; to be disposed of. */
export interface TestCertificate {
  /** The directory of the files, for files that a test adds. */
  readonly directory: string;
  readonly certFile: string;
  readonly keyFile: string;
  /** Removes the files. */
  remove(): void;
}

/** Makes an EC key and a certificate for `localhost` and 127.0.0.1 with the openssl program. */
export function makeTestCertificate(): TestCertificate {
  const directory = mkdtempSync(join(tmpdir(), "nova-console-tls-"));
  const certFile = join(directory, "cert.pem");
  const keyFile = join(directory, "key.pem");
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=localhost"],
      ...["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
      ...["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
      ...["-keyout", keyFile, "-out", certFile],
    ],
    { stdio: "ignore", timeout: 20_000 },
  );
  return {
    directory,
    certFile,
    keyFile,
    remove: () => {
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
