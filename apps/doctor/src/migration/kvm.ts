import { isMissing, type HostFacts } from "../facts/facts.ts";
import { finding, fine, notChecked, type Result } from "../finding.ts";
import { bothWays, type Pair } from "./pair.ts";

/** libvirt with KVM on both: the guide, 8.1.4.1. */
export function checkKvm(pair: Pair): Result[] {
  return bothWays(pair).flatMap(({ here }) => judge(here));
}

function judge({ host, virtualisation }: HostFacts): Result[] {
  const { libvirt, kvm_domains: domains, kvm_device: device, qemu } = virtualisation;
  if (isMissing(libvirt)) {
    return [
      finding("migration-libvirt", `${host.name}: ${libvirt.missing}`, [
        `on ${host.name}: yum install libvirt && systemctl enable --now libvirtd`,
        "virsh -c qemu:///system capabilities",
      ]),
    ];
  }
  if (!device || domains !== true) {
    const what = device ? "libvirt offers no domains of type kvm" : "there is no /dev/kvm";
    return [
      finding("migration-kvm", `${host.name}: ${what}`, [
        `on ${host.name}: modprobe kvm_intel || modprobe kvm_amd    (virtualisation on in the BIOS?)`,
        "systemctl restart libvirtd",
      ]),
    ];
  }
  if (isMissing(qemu)) {
    return [
      fine(`${host.name}: ${libvirt} with KVM`),
      notChecked(`${host.name}: the version of QEMU: ${qemu.missing}`),
    ];
  }
  return [fine(`${host.name}: ${libvirt} with KVM, QEMU ${qemu}`)];
}
