import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { duplexPair } from "node:stream";
import { after, describe, it } from "node:test";
import { makeTestCertificate } from "@nova-console/listener/testing";
import { createVncResponder } from "@nova-console/rfb";
import { type BackendSecuritySettings, loadBackendSecurity } from "./backend-security.ts";

const directory = mkdtempSync(join(tmpdir(), "backend-security-"));
const certificate = makeTestCertificate();
const stranger = makeTestCertificate();
after(() => {
  rmSync(directory, { recursive: true });
  certificate.remove();
  stranger.remove();
});

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

const { certFile, keyFile } = certificate;
const nothing: BackendSecuritySettings = {
  authSchemes: ["none"],
  caCerts: null,
  clientCert: null,
  clientKey: null,
  passwordFile: null,
};
const x509 = { caCerts: certFile, clientCert: certFile, clientKey: keyFile };
const passwordFile = file("password", "hunter22\n");

function typesOf(settings: Partial<BackendSecuritySettings>): number[] {
  return loadBackendSecurity({ ...nothing, ...settings }).map(({ type }) => type);
}

describe("loadBackendSecurity()", () => {
  it("keeps the operator's order of schemes", () => {
    assert.deepEqual(typesOf({}), [1]);
    assert.deepEqual(typesOf({ ...x509, authSchemes: ["vencrypt"] }), [19]);
    assert.deepEqual(typesOf({ ...x509, authSchemes: ["vencrypt", "none"] }), [19, 1]);
    assert.deepEqual(typesOf({ ...x509, authSchemes: ["none", "vencrypt"] }), [1, 19]);
  });

  it("sends a password without encryption only where none is accepted too", () => {
    assert.deepEqual(typesOf({ passwordFile }), [1, 2, 19]);
    assert.deepEqual(
      typesOf({ ...x509, authSchemes: ["vencrypt", "none"], passwordFile }),
      [19, 1, 2],
    );
    assert.deepEqual(typesOf({ ...x509, authSchemes: ["vencrypt"], passwordFile }), [19]);
  });

  it("reads a user name from a line of its own", () => {
    assert.equal(typesOf({ passwordFile: file("both", "ann\nhunter22\n") }).length, 3);
  });

  for (const [encoding, bytes] of [
    ["UTF-8", Buffer.from("p\u00e4ssw\u00f6rt", "utf8")],
    ["Latin-1", Buffer.from("p\u00e4ssw\u00f6rt", "latin1")],
  ] as const) {
    it(`answers a challenge with the bytes of a file in ${encoding}`, async () => {
      const passwordFile = join(directory, encoding);
      writeFileSync(passwordFile, Buffer.concat([bytes, Buffer.from("\n")]));
      const handlers = loadBackendSecurity({ ...nothing, passwordFile });
      const vncAuth = handlers.find(({ type }) => type === 2);
      const [ours, server] = duplexPair();
      server.write(Buffer.alloc(16, 7));
      await vncAuth?.negotiate?.(ours, new AbortController().signal);
      assert.deepEqual(server.read(), createVncResponder(bytes)(Buffer.alloc(16, 7)));
    });
  }

  const mistakes: { name: string; settings: Partial<BackendSecuritySettings>; message: RegExp }[] =
    [
      {
        name: "no scheme at all",
        settings: { authSchemes: [] },
        message: /auth_schemes must have/,
      },
      {
        name: "vencrypt without authorities",
        settings: { authSchemes: ["vencrypt"] },
        message: /needs vencrypt_ca_certs/,
      },
      {
        name: "a certificate without its key",
        settings: { ...x509, authSchemes: ["vencrypt"], clientKey: null },
        message: /go together/,
      },
      {
        name: "a key of another certificate",
        settings: { ...x509, authSchemes: ["vencrypt"], clientKey: stranger.keyFile },
        message: /vencrypt_\* \(.*cert\.pem.*\): .*mismatch/,
      },
      {
        name: "a file that is not there",
        settings: { ...x509, authSchemes: ["vencrypt"], caCerts: "/none.pem" },
        message: /vencrypt_ca_certs: ENOENT.*\/none\.pem/,
      },
      {
        name: "a file that is no PEM",
        settings: { ...x509, authSchemes: ["vencrypt"], caCerts: passwordFile },
        message: /vencrypt_ca_certs: .*password has no PEM/,
      },
      {
        name: "an empty password",
        settings: { passwordFile: file("empty", "\n") },
        message: /backend_password_file: .*empty must have one line/,
      },
    ];
  for (const { name, settings, message } of mistakes) {
    it(`refuses ${name}, and names option and file`, () => {
      assert.throws(() => typesOf(settings), { code: "SESSION_ERR_BACKEND_SECURITY", message });
    });
  }
});
