/** Security types the proxy can name, RFC 6143 §8.1 and the rfbproto registry. One byte on the wire. */
export const SecurityType = {
  Invalid: 0,
  None: 1,
  VncAuth: 2,
  Tight: 16,
  VeNCrypt: 19,
  Sasl: 20,
  Xvp: 22,
  AppleDh: 30,
} as const;

/**
 * A security type as received: any byte, named or not.
 *
 * Never cast an unknown byte away and never throw on one while logging; a server may offer types
 * that were registered after this table was written.
 */
export type SecurityType = number;

const names = new Map<number, string>(
  Object.entries(SecurityType).map(([name, value]) => [value, name]),
);

/** `"VeNCrypt (19)"`, or `"unknown (77)"`. For logs and error messages only. */
export function describeSecurityType(type: SecurityType): string {
  return `${names.get(type) ?? "unknown"} (${type})`;
}
