import type { NetworkInterfaceInfo } from "node:os";

/**
 * The address that nova would call `my_ip`: the first IPv4 address that is not the loopback's.
 *
 * @param interfaces - `os.networkInterfaces()`
 * @returns 127.0.0.1 if there is none
 */
export function primaryAddress(
  interfaces: NodeJS.Dict<readonly Pick<NetworkInterfaceInfo, "address" | "family" | "internal">[]>,
): string {
  const found = Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === "IPv4" && !internal);
  return found?.address ?? "127.0.0.1";
}
