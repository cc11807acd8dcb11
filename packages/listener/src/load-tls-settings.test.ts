import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { loadTlsSettings, type TlsOptions } from "./load-tls-settings.ts";
import { makeTestCertificate } from "./testing.ts";

const own = makeTestCertificate();
const other = makeTestCertificate();
after(() => {
  own.remove();
  other.remove();
});

const options: TlsOptions = {
  cert: own.certFile,
  key: own.keyFile,
  sslOnly: false,
  ciphers: null,
  minimumVersion: "default",
};

function fileOf(name: string, content: string | Buffer): string {
  const file = join(own.directory, name);
  writeFileSync(file, content);
  return file;
}

describe("loadTlsSettings()", () => {
  it("reads certificate and key from two files", () => {
    assert.deepEqual(loadTlsSettings(options), {
      cert: readFileSync(own.certFile),
      key: readFileSync(own.keyFile),
    });
  });

  for (const [order, files] of [
    ["key first", [own.keyFile, own.certFile]],
    ["certificate first", [own.certFile, own.keyFile]],
  ] as const) {
    it(`reads both from one file when key is unset, ${order}`, () => {
      const combined = Buffer.concat(files.map((file) => readFileSync(file)));
      const cert = fileOf("self.pem", combined);
      assert.deepEqual(loadTlsSettings({ ...options, cert, key: null }), {
        cert: combined,
        key: combined,
      });
    });
  }

  it("refuses a key of another kind than the certificate's, with which no handshake would succeed", () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const key = fileOf("ec.key", privateKey.export({ type: "pkcs8", format: "pem" }));
    assert.throws(() => loadTlsSettings({ ...options, key }), {
      code: "LISTENER_ERR_TLS_SETTINGS",
      message: `[DEFAULT] key: the private key in ${key} is not the one of the certificate in ${own.certFile}`,
    });
  });

  it("says that the certificate of the key stands behind another one", () => {
    const chain = [other.certFile, own.certFile].map((file) => readFileSync(file));
    const cert = fileOf("chain.pem", Buffer.concat(chain));
    assert.throws(() => loadTlsSettings({ ...options, cert }), {
      message: /has to stand first there, and is number 2$/,
    });
  });

  it("refuses a certificate in DER, by name", () => {
    const cert = fileOf("own.der", new X509Certificate(readFileSync(own.certFile)).raw);
    assert.throws(() => loadTlsSettings({ ...options, cert }), {
      message: `[DEFAULT] cert: ${cert} holds no certificate in PEM form`,
    });
  });

  it("takes the cipher list and the lowest version over", () => {
    const settings = loadTlsSettings({
      ...options,
      ciphers: "ECDHE+AESGCM",
      minimumVersion: "tlsv1_3",
    });
    assert.equal(settings?.ciphers, "ECDHE+AESGCM");
    assert.equal(settings.minVersion, "TLSv1.3");
  });

  it("returns null when nova's default certificate file does not exist, as nova goes on without TLS", () => {
    for (const cert of ["self.pem", ""]) {
      assert.equal(loadTlsSettings({ ...options, cert }), null);
    }
  });

  const bad: [name: string, change: () => Partial<TlsOptions>, message: RegExp][] = [
    [
      "a certificate file that was named and is not there",
      () => ({ cert: "/nowhere/cert.pem" }),
      /\[DEFAULT\] cert: no such file: \/nowhere\/cert\.pem/,
    ],
    [
      "ssl_only without a certificate",
      () => ({ cert: "/nowhere/self.pem", sslOnly: true }),
      /ssl_only is set, but .* cert does not exist: \/nowhere\/self\.pem/,
    ],
    [
      "a key file that is not there",
      () => ({ key: "/nowhere/key.pem" }),
      /\[DEFAULT\] key: no such file: \/nowhere\/key\.pem/,
    ],
    [
      "a directory for a certificate",
      () => ({ cert: own.directory }),
      /\[DEFAULT\] cert: cannot read .*: it is a directory/,
    ],
    [
      "a FIFO, which nobody may ever write to",
      () => {
        const cert = join(own.directory, "fifo.pem");
        execFileSync("mkfifo", [cert]);
        return { cert };
      },
      /\[DEFAULT\] cert: .*fifo\.pem is not a file/,
    ],
    [
      "a file that is no certificate",
      () => ({ cert: fileOf("words.pem", "words") }),
      /\[DEFAULT\] cert: .*words\.pem holds no certificate/,
    ],
    [
      "a file of several MiB",
      () => ({ cert: fileOf("big.pem", Buffer.alloc(2 * 1024 * 1024)) }),
      /big\.pem is 2097152 bytes long: not a PEM file/,
    ],
    [
      "a certificate alone when key is unset",
      () => ({ key: null }),
      /\[DEFAULT\] key is unset and \[DEFAULT\] cert: .*cert\.pem holds no private key/,
    ],
    [
      "a key file without a key",
      () => ({ key: own.certFile }),
      /\[DEFAULT\] key: .*cert\.pem holds no private key/,
    ],
    [
      "the key of another certificate",
      () => ({ key: other.keyFile }),
      /\[DEFAULT\] key: the private key in .*key\.pem is not the one of the certificate in .*cert\.pem/,
    ],
    [
      "an encrypted key",
      () => ({
        key: fileOf(
          "locked.pem",
          execFileSync("openssl", [
            ...["pkcs8", "-topk8", "-in", own.keyFile, "-passout", "pass:secret"],
          ]),
        ),
      }),
      /\[DEFAULT\] key: .*locked\.pem holds an encrypted private key/,
    ],
    [
      "a cipher list that selects nothing",
      () => ({ ciphers: "NONSENSE" }),
      /\[console\] ssl_ciphers: "NONSENSE" selects no cipher/,
    ],
  ];
  for (const [name, change, message] of bad) {
    it(`rejects ${name}, naming option and file`, () => {
      assert.throws(() => loadTlsSettings({ ...options, ...change() }), {
        code: "LISTENER_ERR_TLS_SETTINGS",
        message,
      });
    });
  }
});
