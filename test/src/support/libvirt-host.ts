import { writeFile } from "node:fs/promises";

/** The one domain that it has. */
export const DOMAIN_NAME = "guest";

/**
 * Describes a host to libvirt's own test driver, with one domain that runs.
 *
 * @param path - of the file that describes it
 * @param graphics - the `<graphics>` elements
 * @returns the URI to reach libvirt by
 */
export async function describeLibvirtHost(path: string, graphics: string): Promise<string> {
  await writeFile(
    path,
    `<node><domain type="test"><name>${DOMAIN_NAME}</name>` +
      `<uuid>c5f1ba52-5f0c-4ff6-a00a-5a0d5a2bd4e1</uuid><memory>65536</memory>` +
      `<os><type>hvm</type></os><devices>${graphics}</devices></domain></node>`,
  );
  return `test://${path}`;
}
