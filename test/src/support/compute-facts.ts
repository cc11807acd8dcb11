import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { runPlainDoctor } from "./doctor.ts";
import type { TempDir } from "./temp-dir.ts";

/** Facts as `nova-console-doctor facts` prints them; tests change them. */
export interface Facts {
  host: { name: string; names: string[]; id: string | null };
  addresses: { interface: string; address: string; prefix: number }[];
  resolved: Record<string, string[] | { missing: string }>;
  cpu: { arch: string; model: string | null; vendor: string | null; features: string[] };
  virtualisation: { libvirt: unknown; kvm_domains: unknown; kvm_device: boolean; qemu: unknown };
  users: { name: string; uid: number; gid: number }[];
  groups: { name: string; gid: number }[];
  multipath: { devices: { name: string; wwid: string }[]; user_friendly_names: boolean | null };
  vnc: Record<string, string>;
}

export const WWID = "36001405f3b4c5d6e7f8091a2b3c4d5e6";

/** What libvirt says of a compute host, cut to what counts; written for this test. */
const CAPABILITIES = `<capabilities>
  <host>
    <uuid>00000000-0000-0000-0000-000000000001</uuid>
    <cpu>
      <arch>x86_64</arch>
      <model>Skylake-Server-IBRS</model>
      <vendor>Intel</vendor>
      <microcode version='1'/>
      <feature name='ds'/>
      <feature name='avx512vnni'/>
      <feature name='vmx'/>
      <pages unit='KiB' size='4'/>
    </cpu>
  </host>
  <guest>
    <os_type>hvm</os_type>
    <arch name='x86_64'>
      <wordsize>64</wordsize>
      <domain type='qemu'/>
      <domain type='kvm'/>
    </arch>
  </guest>
</capabilities>`;

/**
 * Has the doctor gather the facts of a compute host of RHEL, compute-a, whose commands are scripts that print what
 * those of a real one do.
 */
export async function gatherComputeFacts(directory: TempDir): Promise<Facts> {
  const path = await commandsIn(directory, {
    virsh: `case "$*" in *capabilities) cat "${directory.file("capabilities.xml")}";; *) echo "Using library: libvirt 9.0.0";; esac`,
    multipath: `printf '%s\\n' '${WWID} dm-0 LIO-ORG,disk0' 'size=10G features=0 hwhandler=1 wp=rw'`,
    multipathd: `printf 'defaults {\\n\\tuser_friendly_names "no"\\n}\\n'`,
    "qemu-system-x86_64": "echo QEMU emulator version 7.2.0",
    getent: `case "$1 $2" in "passwd nova") printf 'nova:x:162:162::/:/sbin/nologin\\nqemu:x:107:107::/:/sbin/nologin\\n';; "group nova") printf 'nova:x:162:\\nqemu:x:107:\\nkvm:x:36:\\n';; "ahosts compute-b") echo 192.0.2.12 STREAM compute-b;; ahosts*) echo 192.0.2.11 STREAM;; *) echo 127.0.0.1 localhost;; esac`,
    hostname: "echo compute-a",
  });
  await writeFile(directory.file("capabilities.xml"), CAPABILITIES);
  await writeFile(
    directory.file("nova.conf"),
    "[DEFAULT]\nvncserver_listen = 0.0.0.0\nvncserver_proxyclient_address = 192.0.2.11\n",
  );
  const { stdout, status, stderr } = await runPlainDoctor(
    ["--config-file", directory.file("nova.conf"), "facts", "--peer", "compute-b"],
    path,
  );
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as Facts;
}

async function commandsIn(
  directory: TempDir,
  scripts: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const path = directory.file("bin");
  await mkdir(path);
  for (const [name, script] of Object.entries(scripts)) {
    await writeFile(`${path}/${name}`, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  return { PATH: `${path}:${process.env["PATH"] ?? ""}` };
}
