import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type DemoOptions, parseDemoOptions } from "./demo-options.ts";

describe("parseDemoOptions()", () => {
  const cases: { args: string; options: DemoOptions }[] = [
    { args: "", options: { source: { type: "demo-instance" }, port: null } },
    { args: "--port 7000", options: { source: { type: "demo-instance" }, port: 7000 } },
    {
      args: "--backend compute-1:5900",
      options: { source: { type: "backend", host: "compute-1", port: 5900 }, port: null },
    },
    {
      args: "--backend=[2001:db8::1]:5901",
      options: { source: { type: "backend", host: "2001:db8::1", port: 5901 }, port: null },
    },
    {
      args: "--backend unix:/run/vnc.sock",
      options: { source: { type: "backend", host: "unix:/run/vnc.sock", port: 0 }, port: null },
    },
    {
      args: "--libvirt qemu:///system --domain web-1",
      options: {
        source: { type: "libvirt", uri: "qemu:///system", domain: "web-1" },
        port: null,
      },
    },
  ];
  for (const { args, options } of cases) {
    it(`reads "${args}"`, () => {
      assert.deepEqual(parseDemoOptions(args.split(" ").filter(Boolean)), options);
    });
  }

  it("gives null for --help", () => {
    assert.equal(parseDemoOptions(["--help"]), null);
    assert.equal(parseDemoOptions(["-h"]), null);
  });

  const refused = [
    { args: "--bakend x:1", message: /'--bakend'/ },
    { args: "stray", message: /stray/ },
    { args: "--backend", message: /--backend/ },
    { args: "--backend host", message: /--backend host: must be HOST:PORT/ },
    { args: "--backend host:0", message: /port from 1 to 65535/ },
    { args: "--backend host:65536", message: /port from 1 to 65535/ },
    { args: "--backend ::1:5900", message: /\[IPv6\]:PORT/ },
    { args: "--backend unix:", message: /unix:PATH/ },
    { args: "--backend host:5900/x", message: /HOST:PORT/ },
    { args: "--libvirt qemu:///system", message: /go together/ },
    { args: "--domain web-1", message: /go together/ },
    { args: "--backend a:1 --domain b", message: /cannot be combined/ },
    { args: "--port 65535", message: /1 to 65534/ },
    { args: "--port http", message: /--port http/ },
  ];
  for (const { args, message } of refused) {
    it(`refuses "${args}" in one line`, () => {
      assert.throws(
        () => parseDemoOptions(args.split(" ")),
        (error: Error & { code?: string; exitStatus?: number }) => {
          assert.equal(error.code, "DEMO_ERR_USAGE");
          assert.equal(error.exitStatus, 2);
          assert.match(error.message, message);
          assert.doesNotMatch(error.message, /\n/);
          return true;
        },
      );
    });
  }
});
