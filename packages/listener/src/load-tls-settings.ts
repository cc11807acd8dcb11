import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { createSecureContext, type SecureVersion } from "node:tls";
import { codeOf, messageOf, TlsSettingsError } from "./errors.ts";
import { secureContextOptions, type TlsSettings } from "./tls-settings.ts";

/** Values of nova's `[console] ssl_minimum_version`. */
export type MinimumTlsVersion = "default" | "tlsv1_1" | "tlsv1_2" | "tlsv1_3";

/** nova's TLS options, by the names they have in nova.conf. */
export interface TlsOptions {
  /** `[DEFAULT] cert`: PEM file of the certificate chain; may hold the private key as well. */
  readonly cert: string;
  /** `[DEFAULT] key`: PEM file of the private key; null or "" if it is in `cert`. */
  readonly key: string | null;
  /** `[DEFAULT] ssl_only`: plain connections are refused, so a certificate is a must. */
  readonly sslOnly: boolean;
  /** `[console] ssl_ciphers`: OpenSSL's cipher list; null or "" for its defaults. */
  readonly ciphers: string | null;
  /** `[console] ssl_minimum_version`. */
  readonly minimumVersion: MinimumTlsVersion;
  /**
   * What the two files held when other workers read them, in base64; null: there was no such file.
   * Absent: the files are read.
   */
  readonly files?: { readonly cert: string | null; readonly key: string | null } | undefined;
}

const MINIMUM_VERSIONS: Record<MinimumTlsVersion, SecureVersion | undefined> = {
  default: undefined,
  tlsv1_1: "TLSv1.1",
  tlsv1_2: "TLSv1.2",
  tlsv1_3: "TLSv1.3",
};

/** `[DEFAULT] cert` where nova.conf has none: a file that most hosts do not have. */
const DEFAULT_CERT = "self.pem";

/** A certificate or key is a few KiB; what is longer is another kind of file. */
const MAX_PEM_BYTES = 1024 * 1024;

/**
 * Reads certificate and key from their files and tries whether they serve.
 *
 * @returns null if `cert` is the default (`self.pem`) or empty, and there is no such file: TLS is then
 *   off, as it is in nova
 * @throws {@link TlsSettingsError} if a file that was named does not exist, cannot be read, is not PEM, does not belong to the
 *   other one, or if the cipher list selects nothing; and if `sslOnly` is set without a certificate
 * @see nova/console/websocketproxy.py and websockify's `cert` and `key`
 */
export function loadTlsSettings(options: TlsOptions): TlsSettings | null {
  const cert = contentOf("cert", options.cert, options);
  if (cert === null) {
    if (!options.sslOnly) {
      if (options.cert === DEFAULT_CERT || options.cert === "") return null;
      throw new TlsSettingsError(
        `[DEFAULT] cert: no such file: ${options.cert}; leave the option out to serve without TLS`,
      );
    }
    throw new TlsSettingsError(
      `[DEFAULT] ssl_only is set, but the certificate file of [DEFAULT] cert does not exist: ${options.cert}`,
    );
  }
  const chain = readChain(options.cert, cert);
  const keyFile = options.key ?? "";
  const key = keyFile === "" ? cert : contentOf("key", keyFile, options);
  if (key === null) throw new TlsSettingsError(`[DEFAULT] key: no such file: ${keyFile}`);
  checkPair(options, chain, readKey(options, key));
  const minVersion = MINIMUM_VERSIONS[options.minimumVersion];
  const settings: TlsSettings = {
    cert,
    key,
    ...(options.ciphers === null || options.ciphers === "" ? {} : { ciphers: options.ciphers }),
    ...(minVersion === undefined ? {} : { minVersion }),
  };
  tryOut(options, settings);
  return settings;
}

function contentOf(option: "cert" | "key", file: string, { files }: TlsOptions): Buffer | null {
  if (files === undefined) return readPem(option, file);
  const content = files[option];
  return content === null ? null : Buffer.from(content, "base64");
}

function readPem(option: "cert" | "key", file: string): Buffer | null {
  let content: Buffer;
  try {
    const status = statSync(file);
    // A FIFO would hold up the process, and with it the consoles that a reload must not touch.
    if (!status.isFile() && !status.isDirectory()) {
      throw new TlsSettingsError(`[DEFAULT] ${option}: ${file} is not a file`);
    }
    content = readFileSync(file);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    if (error instanceof TlsSettingsError) throw error;
    throw new TlsSettingsError(`[DEFAULT] ${option}: cannot read ${file}: ${whyUnread(error)}`, {
      cause: error,
    });
  }
  if (content.length > MAX_PEM_BYTES) {
    throw new TlsSettingsError(
      `[DEFAULT] ${option}: ${file} is ${content.length} bytes long: not a PEM file`,
    );
  }
  return content;
}

function whyUnread(error: unknown): string {
  switch (codeOf(error)) {
    case "EACCES":
      return "this user has no permission";
    case "EISDIR":
      return "it is a directory";
    default:
      return messageOf(error);
  }
}

const CERTIFICATE =
  /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^-]*-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g;

function readChain(file: string, cert: Buffer): X509Certificate[] {
  const blocks = cert.toString("latin1").match(CERTIFICATE) ?? [];
  try {
    if (blocks.length > 0) return blocks.map((block) => new X509Certificate(block));
  } catch (error) {
    throw new TlsSettingsError(`[DEFAULT] cert: ${file} holds no certificate in PEM form`, {
      cause: error,
    });
  }
  throw new TlsSettingsError(`[DEFAULT] cert: ${file} holds no certificate in PEM form`);
}

function readKey(options: TlsOptions, key: Buffer): KeyObject {
  const keyFile = options.key ?? "";
  const where =
    keyFile === ""
      ? `[DEFAULT] key is unset and [DEFAULT] cert: ${options.cert}`
      : `[DEFAULT] key: ${keyFile}`;
  const text = key.toString("latin1");
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(text)) {
    throw new TlsSettingsError(
      `${where} holds an encrypted private key, and there is nobody to ask for its passphrase: decrypt it with openssl pkey`,
    );
  }
  const block = /-----BEGIN ([A-Z ]*PRIVATE KEY)-----[^-]*-----END \1-----/.exec(text);
  try {
    return createPrivateKey(block?.[0] ?? "");
  } catch (error) {
    throw new TlsSettingsError(`${where} holds no private key in PEM form`, { cause: error });
  }
}

/** OpenSSL takes a certificate and a key of different kinds, RSA and EC, and then no handshake succeeds. */
function checkPair(options: TlsOptions, chain: readonly X509Certificate[], key: KeyObject): void {
  const index = chain.findIndex((certificate) => certificate.checkPrivateKey(key));
  if (index === 0) return;
  const hint =
    index < 0 ? "" : `: the server's own has to stand first there, and is number ${index + 1}`;
  throw new TlsSettingsError(`${whyMismatch(options)}${hint}`);
}

function tryOut(options: TlsOptions, settings: TlsSettings): void {
  try {
    createSecureContext(secureContextOptions(settings));
  } catch (error) {
    throw new TlsSettingsError(whyUnusable(options, error), { cause: error });
  }
}

function whyUnusable(options: TlsOptions, error: unknown): string {
  switch (codeOf(error)) {
    case "ERR_SSL_NO_CIPHER_MATCH":
    case "ERR_INVALID_ARG_VALUE":
      return `[console] ssl_ciphers: "${options.ciphers ?? ""}" selects no cipher that this OpenSSL has; "openssl ciphers" lists them`;
    default:
      return `[DEFAULT] cert: ${options.cert} cannot be used: ${messageOf(error)}`;
  }
}

function whyMismatch({ cert, key }: TlsOptions): string {
  const keyFile = key === null || key === "" ? cert : key;
  return `[DEFAULT] key: the private key in ${keyFile} is not the one of the certificate in ${cert}`;
}
