import { isIPv4, isIPv6 } from "node:net";

import { InvalidValueError } from "./errors.ts";
import type { ValueType } from "./value-type.ts";

/** An IP address without brackets or zone, oslo.config's `IPAddress`. */
export function ipAddress(): ValueType<string> {
  return hostType("an IPv4 or IPv6 address", (text) => (isIpAddress(text) ? text : null));
}

/** A host name, oslo.config's `Hostname`: labels of letters, digits and "-", the last one not a number. */
export function hostname(): ValueType<string> {
  return hostType("a host name", (text) => toHostname(text, "-"));
}

/** An IP address or a host name, oslo.config's `HostAddress`. */
export function hostAddress(): ValueType<string> {
  return hostType("an IP address or a host name", (text) =>
    isIpAddress(text) ? text : toHostname(text, "-"),
  );
}

/** As {@link hostAddress}, and "_" may stand in the name: oslo.config's `HostDomain`. */
export function hostDomain(): ValueType<string> {
  return hostType('an IP address or a host name ("_" allowed)', (text) =>
    isIpAddress(text) ? text : toHostname(text, "_-"),
  );
}

const URI = /^[a-z][a-z0-9+.-]*:\/\/([^\\/?#]+)/i;
const AUTHORITY =
  /^(?:(?:[\w.~!$&'()*+,;=:-]|%[0-9a-f]{2})+@)?(?:\[([^\]]*)\]|(?:[\w.~!$&'()*+,;=-]|%[0-9a-f]{2})*)(?::[0-9]{0,5})?$/i;

/** A URI with a scheme and a host, oslo.config's `URI`. */
export function uri(): ValueType<string> {
  const allowed = "a URL such as http://HOST:PORT/PATH";
  return {
    ...hostType(allowed, (text) => {
      const authority = AUTHORITY.exec(URI.exec(text)?.[1] ?? "@");
      const literal = authority?.[1]?.replace(/%.+$/, "");
      return authority !== null && (literal === undefined || isIPv6(literal)) ? text : null;
    }),
    placeholder: "URL",
  };
}

/** An IP address, or a network as ADDRESS/BITS. Not of oslo.config. */
export function ipNetwork(): ValueType<string> {
  return {
    ...hostType("an IP address or a network such as 192.0.2.0/24", (text) => {
      const [, address = "", bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
      if (!isIpAddress(address)) return null;
      return Number(bits ?? 0) <= (isIPv4(address) ? 32 : 128) ? text : null;
    }),
    placeholder: "NETWORK",
  };
}

/** `HOST:PORT`, `[IPV6]:PORT` or `unix:PATH`. Not of oslo.config. */
export function listenAddress(): ValueType<string> {
  return {
    ...hostType("HOST:PORT, [IPV6]:PORT or unix:/PATH", (text) => {
      if (/^unix:\/./.test(text)) return text;
      const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
      if (match === null || Number(match[3]) > 65_535) return null;
      const isHost =
        match[1] === undefined
          ? toHostname(match[2] ?? "", "-") !== null || isIPv4(match[2] ?? "")
          : isIPv6(match[1]);
      return isHost ? text : null;
    }),
    placeholder: "HOST:PORT",
  };
}

/** @param read - the value for a text, null if it is not allowed */
function hostType(allowed: string, read: (text: string) => string | null): ValueType<string> {
  return {
    allowed,
    placeholder: "HOST",
    parse(text) {
      const value = read(text);
      if (value === null) throw new InvalidValueError(allowed);
      return value;
    },
  };
}

function isIpAddress(text: string): boolean {
  return isIPv4(text) || (isIPv6(text) && !text.includes("%"));
}

/** @param signs - which signs a label may hold beside letters and digits; it never starts or ends with "-" */
function toHostname(text: string, signs: string): string | null {
  if (text.length > 253) return null;
  const name = text.replace(/\.$/, "");
  const label = new RegExp(`^(?!-)[a-z0-9${signs}]{1,63}(?<!-)$`, "i");
  const labels = name.split(".");
  const isName = labels.every((part) => label.test(part)) && /[a-z-]/i.test(labels.at(-1) ?? "");
  return isName ? name : null;
}
