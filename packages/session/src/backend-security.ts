import { readFileSync } from "node:fs";
import { createSecureContext, type ConnectionOptions } from "node:tls";
import {
  type BackendCredential,
  noneHandler,
  type SecurityHandler,
  vncAuthHandler,
  veNCryptHandler,
  VeNCryptSubtype,
} from "@nova-console/rfb";
import { BackendSecurityError } from "./errors.ts";

/** What the operator accepts from VNC servers: nova's options of `[vnc]`, and our password file. */
export interface BackendSecuritySettings {
  /** `auth_schemes`, most wanted first. */
  readonly authSchemes: readonly ("none" | "vencrypt")[];
  /** `vencrypt_ca_certs`: a file, PEM. */
  readonly caCerts: string | null;
  /** `vencrypt_client_cert`, `vencrypt_client_key`: files, PEM. */
  readonly clientCert: string | null;
  readonly clientKey: string | null;
  /** `backend_password_file`: a line with the password, or a line with the user name before it. */
  readonly passwordFile: string | null;
}

/**
 * Makes the client's side of RFB security from the operator's settings, in the operator's order.
 *
 * With a password, what needs one comes too: X509Plain and X509Vnc with `vencrypt`; VncAuth and
 * Plain, which protect nothing on the wire, only where `none` is accepted as well.
 *
 * @throws {@link BackendSecurityError} that names the option and the file
 * @see nova/conf/vnc.py, nova/console/rfb/auths.py
 */
export function loadBackendSecurity(settings: BackendSecuritySettings): readonly SecurityHandler[] {
  const { authSchemes, passwordFile } = settings;
  if (authSchemes.length === 0) {
    throw new BackendSecurityError("[vnc] auth_schemes must have at least one of none, vencrypt");
  }
  const credential = passwordFile === null ? null : readCredential(passwordFile);
  const handlers: SecurityHandler[] = [];
  for (const scheme of authSchemes) {
    handlers.push(scheme === "none" ? noneHandler : veNCrypt(settings, credential));
  }
  if (credential !== null && authSchemes.includes("none")) {
    handlers.push(vncAuthHandler(credential.password));
    if (!authSchemes.includes("vencrypt")) handlers.push(plainHandler(credential));
  }
  return handlers;
}

function veNCrypt(
  settings: BackendSecuritySettings,
  credential: BackendCredential | null,
): SecurityHandler {
  const subtypes: VeNCryptSubtype[] = [VeNCryptSubtype.X509None];
  if (credential !== null) {
    subtypes.unshift(VeNCryptSubtype.X509Plain, VeNCryptSubtype.X509Vnc);
    if (settings.authSchemes.includes("none")) subtypes.push(VeNCryptSubtype.Plain);
  }
  return veNCryptHandler({ tls: loadTls(settings), subtypes, credential });
}

function plainHandler(credential: BackendCredential): SecurityHandler {
  return veNCryptHandler({ tls: {}, subtypes: [VeNCryptSubtype.Plain], credential });
}

function loadTls({ caCerts, clientCert, clientKey }: BackendSecuritySettings): ConnectionOptions {
  if (caCerts === null) {
    throw new BackendSecurityError(
      "[vnc] auth_schemes has vencrypt, which needs vencrypt_ca_certs: the file of the authorities " +
        "that VNC servers' certificates are signed by",
    );
  }
  if ((clientCert === null) !== (clientKey === null)) {
    throw new BackendSecurityError(
      "[vnc] vencrypt_client_cert and vencrypt_client_key go together: set both or neither",
    );
  }
  const ca = readPem("[vnc] vencrypt_ca_certs", caCerts);
  const own =
    clientCert === null || clientKey === null
      ? {}
      : {
          cert: readPem("[vnc] vencrypt_client_cert", clientCert),
          key: readPem("[vnc] vencrypt_client_key", clientKey),
        };
  try {
    return {
      secureContext: createSecureContext({ ca, ...own }),
      // nova's rule: the authority is the cloud's own, and backends are named by address, so that
      // a certificate proves to be the cloud's and not which host's.
      checkServerIdentity: () => undefined,
    };
  } catch (error) {
    const files = [caCerts, clientCert, clientKey].filter((file) => file !== null).join(", ");
    const why = error instanceof Error ? error.message : String(error);
    throw new BackendSecurityError(`[vnc] vencrypt_* (${files}): ${why}`, { cause: error });
  }
}

function readPem(option: string, file: string): Buffer {
  const text = read(option, file);
  if (!text.includes("-----BEGIN ")) {
    throw new BackendSecurityError(`${option}: ${file} has no PEM in it`);
  }
  return text;
}

function readCredential(file: string): BackendCredential {
  const option = "[console_proxy] backend_password_file";
  const lines = read(option, file)
    // One character a byte: what is sent are the file's bytes.
    .toString("latin1")
    .replace(/\r?\n$/, "")
    .split(/\r?\n/);
  const [first = "", second] = lines;
  if (first === "" || second === "" || lines.length > 2) {
    throw new BackendSecurityError(
      `${option}: ${file} must have one line, the password, or two, user name and password`,
    );
  }
  const [userName, password] = second === undefined ? ["", first] : [first, second];
  return { userName: Buffer.from(userName, "latin1"), password: Buffer.from(password, "latin1") };
}

function read(option: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new BackendSecurityError(`${option}: ${why}`, { cause: error });
  }
}
