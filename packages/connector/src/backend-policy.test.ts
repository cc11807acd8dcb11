import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BackendPolicy } from "./backend-policy.ts";

const open = new BackendPolicy({ networks: [], socketDirs: ["/run/vnc", "/srv/vnc/"] });

describe("BackendPolicy", () => {
  describe("addressProblem()", () => {
    for (const address of [
      "169.254.169.254",
      "169.254.170.2",
      "::ffff:169.254.169.254",
      "::ffff:a9fe:a9fe",
      "0:0:0:0:0:ffff:a9fe:a9fe",
      "::169.254.169.254",
      "64:ff9b::169.254.169.254",
      "2002:a9fe:a9fe::1",
      "fe80::1",
      "fe80::1%eth0",
      "febf::1",
      "fd00:ec2::254",
      "fd00:0ec2:0:0:0:0:0:254",
      "fd20:ce::254",
      "fd00:42::42",
      "100.100.100.200",
      "64:ff9b::6464:64c8",
      "168.63.129.16",
      "0.0.0.0",
      "0.1.2.3",
      "::",
      "::ffff:0.0.0.0",
      "224.0.0.1",
      "239.255.255.255",
      "ff02::1",
      "255.255.255.255",
    ]) {
      it(`refuses ${address}, also where every network is allowed`, () => {
        assert.match(open.addressProblem(address) ?? "", /, where no console is$/);
        const networks = ["0.0.0.0/0", "::/0"];
        const all = new BackendPolicy({ networks, socketDirs: [] });
        assert.match(all.addressProblem(address) ?? "", /, where no console is$/);
      });
    }

    for (const address of ["127.0.0.1", "::1", "10.0.0.1", "192.0.2.1", "fd00::1", "2001:db8::1"]) {
      it(`allows ${address} where no network is named`, () => {
        assert.equal(open.addressProblem(address), null);
      });
    }

    it("allows the networks that are named, and no others", () => {
      const networks = ["198.51.100.0/24", "2001:db8:1::/48"];
      const policy = new BackendPolicy({ networks, socketDirs: [] });
      for (const address of ["198.51.100.7", "::ffff:198.51.100.7", "2001:db8:1::7"]) {
        assert.equal(policy.addressProblem(address), null);
      }
      for (const address of ["198.51.101.7", "127.0.0.1", "::1", "2001:db8:2::7"]) {
        assert.match(policy.addressProblem(address) ?? "", /is not in .* backend_networks$/);
      }
    });
  });

  describe("hostProblem()", () => {
    for (const host of ["unix:/run/vnc/a.sock", "unix:/srv/vnc/b/c.sock", "compute-1", "::1"]) {
      it(`finds nothing wrong with ${host}`, () => {
        assert.equal(open.hostProblem(host), null);
      });
    }
    for (const host of [
      "unix:/etc/passwd",
      "unix:/run/vnc",
      "unix:/run/vnc/",
      "unix:/run/vnc-other/a.sock",
      "unix:/run/vnc/../libvirt-sock",
      "unix:/run/vnc/./a.sock",
      "unix:/run//vnc/a.sock",
      "unix:run/vnc/a.sock",
    ]) {
      it(`refuses ${host}`, () => {
        assert.match(open.hostProblem(host) ?? "", /backend_socket_dirs/);
      });
    }
    for (const host of ["169.254.169.254", "fe80::1", "[fe80::1]", "[::ffff:169.254.169.254]"]) {
      it(`refuses ${host}`, () => {
        assert.match(open.hostProblem(host) ?? "", /a link-local address/);
      });
    }
  });
});
