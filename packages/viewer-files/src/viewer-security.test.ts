import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { effectiveViewerSecurity, safestStockSecurity } from "./viewer-security.ts";

describe("effectiveViewerSecurity()", () => {
  it("is X509Plain alone for auto with a certificate: no token in clear", () => {
    assert.deepEqual(effectiveViewerSecurity(["auto"], true), ["X509Plain"]);
  });

  it("is all but X509Plain for auto without one, encrypted first", () => {
    assert.deepEqual(effectiveViewerSecurity(["auto"], false), [
      "TLSPlain",
      "Plain",
      "xvp",
      "VncAuth",
    ]);
  });

  it("keeps the operator's order, and nothing twice", () => {
    assert.deepEqual(effectiveViewerSecurity(["VncAuth", "auto", "Plain", "VncAuth"], true), [
      "VncAuth",
      "X509Plain",
      "Plain",
    ]);
  });

  it("leaves X509Plain out without a certificate", () => {
    assert.deepEqual(effectiveViewerSecurity(["X509Plain", "xvp"], false), ["xvp"]);
    assert.deepEqual(effectiveViewerSecurity(["X509Plain"], false), []);
  });
});

describe("safestStockSecurity()", () => {
  it("takes the safest, whatever the operator's order", () => {
    assert.equal(safestStockSecurity(["VncAuth", "Plain", "TLSPlain", "X509Plain"]), "X509Plain");
    assert.equal(safestStockSecurity(["VncAuth", "Plain", "TLSPlain"]), "TLSPlain");
    assert.equal(safestStockSecurity(["xvp", "VncAuth", "Plain"]), "Plain");
    assert.equal(safestStockSecurity(["xvp", "VncAuth"]), "VncAuth");
  });

  it("is null where no stock viewer can go", () => {
    assert.equal(safestStockSecurity(["xvp"]), null);
    assert.equal(safestStockSecurity([]), null);
  });
});
