import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findVncAddress, remoteHostOf } from "./vnc-address.ts";

const UUID = "11111111-2222-3333-4444-555555555555";
const LOCAL = { proxyClientAddress: "192.0.2.50" };

function domainXml(graphics: string, attributes = "type='kvm' id='1'"): string {
  return `<domain ${attributes}><name>vm1</name><uuid>${UUID}</uuid><devices>${graphics}</devices></domain>`;
}

describe("findVncAddress()", () => {
  const found: [string, string, string, number][] = [
    [
      "a fixed port and address",
      "<graphics type='vnc' port='5901' autoport='no' listen='10.0.0.1'><listen type='address' address='10.0.0.1'/></graphics>",
      ...(["10.0.0.1", 5901] as const),
    ],
    [
      "the port that autoport chose",
      "<graphics type='vnc' port='5917' autoport='yes' listen='127.0.0.1'/>",
      "127.0.0.1",
      5917,
    ],
    [
      "the old form of the address",
      "<graphics type='vnc' port='5901' listen='10.0.0.2'/>",
      "10.0.0.2",
      5901,
    ],
    [
      "a host name",
      "<graphics type='vnc' port='5901' listen='compute1.example'/>",
      "compute1.example",
      5901,
    ],
    [
      "an IPv6 address",
      "<graphics type='vnc' port='5901'><listen type='address' address='2001:db8::1'/></graphics>",
      "2001:db8::1",
      5901,
    ],
    [
      "an IPv6 address in brackets",
      "<graphics type='vnc' port='5901' listen='[2001:db8::1]'/>",
      "2001:db8::1",
      5901,
    ],
    [
      "the address that libvirt found for a network",
      "<graphics type='vnc' port='5902'><listen type='network' network='default' address='192.168.122.1'/></graphics>",
      "192.168.122.1",
      5902,
    ],
    [
      "a unix socket",
      "<graphics type='vnc'><listen type='socket' socket='/run/libvirt/vm1.sock'/></graphics>",
      "unix:/run/libvirt/vm1.sock",
      0,
    ],
    [
      "the old form of a unix socket",
      "<graphics type='vnc' socket='/run/vm1.sock' port='-1' autoport='yes'/>",
      "unix:/run/vm1.sock",
      0,
    ],
    [
      "the first of several VNC servers, after SPICE",
      "<graphics type='spice' port='5900'/><graphics type='vnc' port='5903' listen='10.0.0.1'/><graphics type='vnc' port='5904' listen='10.0.0.2'/>",
      "10.0.0.1",
      5903,
    ],
    [
      "the address despite a password",
      "<graphics type='vnc' port='5901' listen='10.0.0.1' passwd='hunter2' passwdValidTo='2030-01-01T00:00:00'/>",
      "10.0.0.1",
      5901,
    ],
    ...["0.0.0.0", "::", "[::]", "0:0:0:0:0:0:0:0", ""].map(
      (address): [string, string, string, number] => [
        `the proxy client address for the wildcard "${address}"`,
        `<graphics type='vnc' port='5901' listen='${address}'><listen type='address' address='${address}'/></graphics>`,
        "192.0.2.50",
        5901,
      ],
    ),
    [
      "the proxy client address where no address is given",
      "<graphics type='vnc' port='5901'><listen type='address'/></graphics>",
      "192.0.2.50",
      5901,
    ],
  ];
  for (const [name, graphics, host, port] of found) {
    it(`finds ${name}`, () => {
      const address = { host, port, domainName: "vm1", domainUuid: UUID };
      assert.deepEqual(findVncAddress(domainXml(graphics), LOCAL), address);
    });
  }

  const refused: [string, string, string][] = [
    [
      "a domain without graphics",
      "",
      "domain vm1 has no graphics: it needs <graphics type='vnc'/>",
    ],
    [
      "a domain with SPICE only",
      "<graphics type='spice' port='5900'/>",
      "domain vm1 has SPICE graphics only: it needs <graphics type='vnc'/>",
    ],
    [
      "a domain without a port",
      "<graphics type='vnc' port='-1' autoport='yes'/>",
      "domain vm1 has no VNC port (port -1): it is off or still starting",
    ],
    [
      "a port that is none",
      "<graphics type='vnc' port='65536'/>",
      'domain vm1 has VNC port "65536", must be 1 to 65535',
    ],
    [
      "listen type none",
      "<graphics type='vnc'><listen type='none'/></graphics>",
      "domain vm1 listens nowhere (<listen type='none'/>): only libvirt itself can connect to its screen",
    ],
    [
      "a network without an address",
      "<graphics type='vnc' port='5901'><listen type='network' network='prod'/></graphics>",
      "domain vm1 listens on network prod, for which libvirt has no address yet: is the network active?",
    ],
    [
      "a socket without a path",
      "<graphics type='vnc'><listen type='socket'/></graphics>",
      "domain vm1 has no path for its VNC socket yet: it is starting, or its XML names none",
    ],
  ];
  for (const [name, graphics, message] of refused) {
    it(`refuses ${name}`, () => {
      assert.throws(() => findVncAddress(domainXml(graphics), LOCAL), {
        code: "LIBVIRT_ERR_NO_VNC_ADDRESS",
        message,
      });
    });
  }

  it("refuses a domain that is off, although its XML has a fixed port", () => {
    const xml = domainXml("<graphics type='vnc' port='5901' listen='10.0.0.1'/>", "type='kvm'");
    assert.throws(() => findVncAddress(xml, LOCAL), {
      code: "LIBVIRT_ERR_NO_VNC_ADDRESS",
      message: "domain vm1 is off: start it (virsh start) and try again",
    });
  });

  describe("with a hypervisor on another machine", () => {
    const remote = { proxyClientAddress: "127.0.0.1", remoteHost: "kvm7" };

    it("finds that machine behind a wildcard when the proxy client address is this one", () => {
      const xml = domainXml("<graphics type='vnc' port='5901' listen='0.0.0.0'/>");
      assert.equal(findVncAddress(xml, remote).host, "kvm7");
      const proxyClientAddress = "10.9.9.9";
      assert.equal(findVncAddress(xml, { ...remote, proxyClientAddress }).host, proxyClientAddress);
    });

    for (const [place, attributes] of [
      ["127.0.0.1", "port='5901' listen='127.0.0.1'"],
      ["::1", "port='5901' listen='::1'"],
      ["localhost", "port='5901' listen='localhost'"],
      ["unix:/run/vm1.sock", "socket='/run/vm1.sock'"],
    ] as const) {
      it(`refuses ${place}, which is something else on this machine`, () => {
        assert.throws(
          () => findVncAddress(domainXml(`<graphics type='vnc' ${attributes}/>`), remote),
          {
            code: "LIBVIRT_ERR_NO_VNC_ADDRESS",
            message: `domain vm1 shows its screen on ${place} of kvm7 only: let it listen on an address that this machine reaches`,
          },
        );
      });
    }
  });
});

describe("remoteHostOf()", () => {
  const cases: [string, string | null][] = [
    ["qemu:///system", null],
    ["test:///default", null],
    ["qemu+unix:///session?socket=/run/x", null],
    ["qemu+tcp://localhost/system", null],
    ["qemu+tcp://127.0.0.1:16509/system", null],
    ["qemu+tls://[::1]/system", null],
    ["qemu+ssh://root@kvm7:2222/system?keyfile=/k", "kvm7"],
    ["qemu+tls://[2001:db8::7]/system", "2001:db8::7"],
    ["qemu", null],
  ];
  for (const [uri, host] of cases) {
    it(`finds ${host ?? "no other machine"} in ${uri}`, () => {
      assert.equal(remoteHostOf(uri), host);
    });
  }
});
