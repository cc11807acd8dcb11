import type { CatalogueEntry } from "./catalogue-entry.ts";

/** Findings of `nova-console-doctor migration`. */
export const migrationFindings = {
  "migration-subnet": {
    severity: "fault",
    what: "The two hosts have no subnet in common.",
    why: "Live migration needs both hosts in one subnet.",
    mend: "Give both an address in one network (migration network), or choose another destination.",
  },
  "migration-cpu-architecture": {
    severity: "fault",
    what: "The processors are of different architectures.",
    why: "An instance cannot go on on the other one.",
    mend: "Choose a destination with the same processor.",
  },
  "migration-cpu-vendor": {
    severity: "fault",
    what: "The processors are of different makers.",
    why: "Live migration between Intel and AMD is refused, or crashes the instance.",
    mend: "Choose a destination with the same processor.",
  },
  "migration-cpu-model": {
    severity: "fault",
    what: "The processors are of different types.",
    why: "The guide asks for the same type. With `cpu_mode = host-model` or `host-passthrough` instances may not come back.",
    mend: "Choose a like destination, or set a model that both have on all computes: `[libvirt] cpu_mode = custom`, `cpu_models = MODEL` (formerly `cpu_model`).",
  },
  "migration-cpu-features": {
    severity: "fault",
    what: "The destination's processor lacks features that the source's has.",
    why: "An instance that uses one of them cannot go on there; libvirt refuses it.",
    mend: "Update microcode and BIOS settings there, or set a processor model that both have.",
  },
  "migration-name": {
    severity: "fault",
    what: "One host's name does not resolve on the other.",
    why: "libvirt on the source dials the destination by its name.",
    mend: "Add the name to the DNS, or to /etc/hosts on that host.",
  },
  "migration-name-address": {
    severity: "fault",
    what: "One host's name resolves, on the other, to an address that it does not have.",
    why: "The migration goes to another machine, or nowhere.",
    mend: "Correct the DNS, or /etc/hosts on that host.",
  },
  "migration-uid": {
    severity: "fault",
    what: "A user or group of nova or libvirt has different numbers on the two hosts.",
    why: "Files of instances on shared storage belong to numbers: on the destination they are somebody else's.",
    mend: "On one host: stop the services, `usermod -u N USER` and `groupmod -g N GROUP`, then `chown` what has the old number.",
  },
  "migration-user-missing": {
    severity: "fault",
    what: "The user nova, or the one that QEMU runs as, is not there.",
    why: "Without it this is no compute host that instances can come to.",
    mend: "Install the compute packages (`yum install openstack-nova-compute libvirt`).",
  },
  "migration-libvirt": {
    severity: "fault",
    what: "libvirt does not answer on a host.",
    why: "Live migration is libvirt's doing.",
    mend: "`yum install libvirt` and `systemctl enable --now libvirtd`",
  },
  "migration-kvm": {
    severity: "fault",
    what: "A host has no KVM.",
    why: "The guide asks for libvirt with KVM on both; an instance of KVM does not start without it.",
    mend: "Turn on virtualisation in the BIOS, `modprobe kvm_intel` or `kvm_amd`, and see that /dev/kvm is there.",
  },
  "migration-multipath-names": {
    severity: "fault",
    what: "One device (WWID) has different names on the two hosts.",
    why: "The destination does not find the device by the name that the instance has.",
    mend: "On both: `mpathconf --enable --user_friendly_names n` and `service multipathd restart`.",
  },
  "migration-multipath-friendly": {
    severity: "fault",
    what: "user_friendly_names is not off on a host with multipath devices.",
    why: "Names such as mpatha are given by each host in its own order.",
    mend: "On both: `mpathconf --enable --user_friendly_names n` and `service multipathd restart`.",
  },
  "migration-multipath-missing": {
    severity: "fault",
    what: "One host has multipath devices, and the other has no multipath.",
    why: "An instance with such a device cannot be started there.",
    mend: "`yum install device-mapper-multipath`, then `mpathconf --enable --user_friendly_names n --with_multipathd y`.",
  },
  "migration-vnc-listen": {
    severity: "fault",
    what: "VNC servers listen on an address that the other host does not have.",
    why: "It is in the instance's definition: QEMU on the destination cannot listen there, and the migration fails.",
    mend: "On both: `[vnc] server_listen = 0.0.0.0` (formerly `vncserver_listen`), restart nova-compute, and restart instances that were started before.",
  },
  "migration-vnc-loopback": {
    severity: "advice",
    what: "VNC servers listen on loopback only.",
    why: "The migration works, and the console does not: proxies on other hosts cannot reach it.",
    mend: "On both: `[vnc] server_listen = 0.0.0.0`, and restart nova-compute.",
  },
  "migration-vnc-proxyclient": {
    severity: "fault",
    what: "server_proxyclient_address is an address that its host does not have.",
    why: "After the migration the proxies look for the console elsewhere.",
    mend: "On that host: `[vnc] server_proxyclient_address = $my_ip`, and restart nova-compute.",
  },
} satisfies Record<string, CatalogueEntry>;
