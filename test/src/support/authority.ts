import { copyFile, mkdir } from "node:fs/promises";
import { output } from "./run.ts";
import type { TempDir } from "./temp-dir.ts";

/** A cloud's own authority, and what it has signed: files, PEM. */
export interface Authority {
  readonly caPath: string;
  readonly serverCertPath: string;
  readonly serverKeyPath: string;
  readonly clientCertPath: string;
  readonly clientKeyPath: string;
  /** A folder with the server's part in it, named as QEMU wants it. */
  readonly qemuDirectory: string;
}

/**
 * Makes one with openssl.
 *
 * @param name - of the authority, for its files
 */
export async function makeAuthority(directory: TempDir, name: string): Promise<Authority> {
  const file = (suffix: string): string => directory.file(`${name}-${suffix}.pem`);
  const ca = { cert: file("ca-cert"), key: file("ca-key") };
  const server = { cert: file("server-cert"), key: file("server-key") };
  const client = { cert: file("client-cert"), key: file("client-key") };
  await makeCertificate(ca, name, ["basicConstraints=critical,CA:TRUE", "keyUsage=keyCertSign"]);
  const signed = ["-CA", ca.cert, "-CAkey", ca.key];
  // As nova's documentation has it: a host's name, which is not the address that it is dialled by.
  await makeCertificate(server, "compute-7", ["extendedKeyUsage=serverAuth"], signed);
  await makeCertificate(client, "console-proxy", ["extendedKeyUsage=clientAuth"], signed);
  const qemuDirectory = directory.file(`${name}-qemu`);
  await mkdir(qemuDirectory);
  await Promise.all([
    copyFile(ca.cert, `${qemuDirectory}/ca-cert.pem`),
    copyFile(server.cert, `${qemuDirectory}/server-cert.pem`),
    copyFile(server.key, `${qemuDirectory}/server-key.pem`),
  ]);
  return {
    caPath: ca.cert,
    serverCertPath: server.cert,
    serverKeyPath: server.key,
    clientCertPath: client.cert,
    clientKeyPath: client.key,
    qemuDirectory,
  };
}

/** @param issuer - openssl's options that name it; none: signed by itself */
async function makeCertificate(
  files: { readonly cert: string; readonly key: string },
  commonName: string,
  extensions: readonly string[],
  issuer: readonly string[] = [],
): Promise<void> {
  await output("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"],
    ...["-days", "2", "-subj", `/CN=${commonName}`, "-config", "/dev/null"],
    ...extensions.flatMap((each) => ["-addext", each]),
    ...[...issuer, "-keyout", files.key, "-out", files.cert],
  ]);
}
