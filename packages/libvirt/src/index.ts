/**
 * The VNC address of a libvirt domain: `virsh dumpxml` is asked for the domain's XML, and the address
 * is found in it.
 *
 * @packageDocumentation
 */
export { InvalidDomainXmlError, LibvirtError, NoVncAddressError, VirshError } from "./errors.ts";
export { dumpDomainXml, type DumpRequest } from "./virsh.ts";
export {
  findVncAddress,
  remoteHostOf,
  type VncAddress,
  type VncAddressOptions,
} from "./vnc-address.ts";
