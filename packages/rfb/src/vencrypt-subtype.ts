/**
 * VeNCrypt subtypes that a proxy can speak, as a U32 on the wire.
 *
 * @see rfbproto, "VeNCrypt"
 */
export const VeNCryptSubtype = {
  Plain: 256,
  TlsNone: 257,
  TlsVnc: 258,
  TlsPlain: 259,
  X509None: 260,
  X509Vnc: 261,
  X509Plain: 262,
} as const;

/** A subtype as received: any U32, named or not. */
export type VeNCryptSubtype = number;

const names = new Map<number, string>(
  Object.entries(VeNCryptSubtype).map(([name, value]) => [value, name.replace("Tls", "TLS")]),
);

/** `"X509Plain (262)"`, or `"unknown (999)"`. For logs and error messages only. */
export function describeVeNCryptSubtype(subtype: VeNCryptSubtype): string {
  return `${names.get(subtype) ?? "unknown"} (${subtype})`;
}

/** Whether the subtype starts with a TLS handshake. */
export function startsTls(subtype: VeNCryptSubtype): boolean {
  return subtype !== VeNCryptSubtype.Plain;
}
