import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { MAX_XML_CHARACTERS, parseDomain } from "./domain.ts";
import { InvalidDomainXmlError } from "./errors.ts";

const HEAD = "<name>vm</name><uuid>11111111-2222-3333-4444-555555555555</uuid>";
const INVALID = { code: "LIBVIRT_ERR_INVALID_XML" };

describe("parseDomain()", () => {
  it("reads the name, the UUID and every graphics element", () => {
    const domain = parseDomain(`<?xml version="1.0"?>
      <!-- <graphics type='vnc' port='1'/> -->
      <domain type='kvm' id='3' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>${HEAD}
        <devices>
          <graphics type='vnc' port='5901' listen='10.0.0.1' passwd='secret'>
            <listen type='address' address='10.0.0.1'/>
          </graphics>
          <graphics type='sdl'/>
        </devices><metadata><name>other</name></metadata>
      </domain>`);
    assert.deepEqual(domain, {
      name: "vm",
      uuid: "11111111-2222-3333-4444-555555555555",
      isRunning: true,
      graphics: [
        {
          type: "vnc",
          port: "5901",
          listenAddress: "10.0.0.1",
          socket: null,
          listens: [{ type: "address", address: "10.0.0.1", network: null, socket: null }],
        },
        { type: "sdl", port: null, listenAddress: null, socket: null, listens: [] },
      ],
    });
  });

  it("reads predefined entities in a name", () => {
    assert.equal(
      parseDomain("<domain><name>a&amp;b &lt;1&gt;</name><uuid>u</uuid></domain>").name,
      "a&b <1>",
    );
  });

  const refused: [string, string, RegExp][] = [
    ["nothing", "", /the document is a <>, must be a <domain>/],
    [
      "an error message",
      "error: failed to get domain 'x'",
      /not well-formed XML: Non-whitespace before first tag/,
    ],
    ["half a document", `<domain>${HEAD}`, /Unclosed root tag/],
    [
      "another document",
      "<domainsnapshot><domain/></domainsnapshot>",
      /a <domainsnapshot>, must be a <domain>/,
    ],
    ["no name", "<domain><uuid>u</uuid></domain>", /has no <name>/],
    ["an empty UUID", "<domain><name>n</name><uuid> </uuid></domain>", /has no <uuid>/],
    [
      "elements where text belongs",
      "<domain><name><b/></name><uuid>u</uuid></domain>",
      /has no <name>/,
    ],
  ];
  for (const [name, xml, message] of refused) {
    it(`refuses ${name}`, () => {
      assert.throws(() => parseDomain(xml), { ...INVALID, message });
    });
  }

  it("expands no entity of a document type, however they nest", () => {
    const entities = Array.from(
      { length: 30 },
      (_, n) => `<!ENTITY e${n + 1} "${`&e${n};`.repeat(10)}">`,
    ).join("");
    const bomb = `<!DOCTYPE domain [<!ENTITY e0 "aaaaaaaaaa">${entities}]>`;
    assert.throws(() => parseDomain(`${bomb}<domain><name>&e30;</name></domain>`), INVALID);
  });

  it("reads no file through an external entity", () => {
    const external = `<!DOCTYPE domain [<!ENTITY x SYSTEM "file:///etc/passwd">]>`;
    assert.throws(() => parseDomain(`${external}<domain><name>&x;</name></domain>`), INVALID);
  });

  it("refuses a document over its limit before it is parsed", () => {
    assert.throws(() => parseDomain(`<domain>${" ".repeat(MAX_XML_CHARACTERS)}`), {
      ...INVALID,
      message: `domain XML has ${MAX_XML_CHARACTERS + 8} characters, at most ${MAX_XML_CHARACTERS} are read`,
    });
  });

  it(
    "lives through the deepest and the widest document below its limit",
    { timeout: 30_000 },
    () => {
      const deep = "<a>".repeat(140_000) + "</a>".repeat(140_000);
      assert.throws(() => parseDomain(deep), INVALID);
      const wide = `<domain>${HEAD}<devices>${"<graphics/>".repeat(90_000)}</devices></domain>`;
      assert.equal(parseDomain(wide).graphics.length, 90_000);
    },
  );

  it("is not misled by names of JavaScript's own", () => {
    const xml = `<domain>${HEAD}<__proto__ type='x'><devices/></__proto__><constructor/><toString/></domain>`;
    assert.deepEqual(parseDomain(xml).graphics, []);
  });

  it("reads or refuses any text", () => {
    const piece = fc.constantFrom(
      ...[
        "<domain>",
        "</domain>",
        "<domain ",
        "id='1'",
        "<devices>",
        "<graphics type='vnc'",
        "/>",
        ">",
      ],
      ...[
        HEAD,
        "<listen",
        "<name>",
        "</name>",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "&amp;",
        "&",
        "<?",
        "?>",
      ],
    );
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(fc.oneof(piece, fc.string()), { maxLength: 20 }).map((pieces) => pieces.join("")),
    );
    fc.assert(
      fc.property(text, (xml) => {
        try {
          parseDomain(xml);
        } catch (error) {
          assert.ok(error instanceof InvalidDomainXmlError, String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });
});
