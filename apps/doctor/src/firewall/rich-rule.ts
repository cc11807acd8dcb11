/** A rich rule of firewalld, so far as it is judged. */
export interface RichRule {
  /** As firewall-cmd prints it. */
  readonly text: string;
  /** `6080/tcp`. */
  readonly ports: readonly string[];
  readonly service: string | null;
  /** Whether it is about something that no connection to a port is: ICMP, masquerading, forwarding. */
  readonly isOfOtherKind: boolean;
  /** `10.0.0.0/8`; null: everybody, or who cannot be told. */
  readonly source: string | null;
  /** Of one without conditions that nobody can foresee. */
  readonly verdict: "accept" | "other";
}

/**
 * Reads a rule as `firewall-cmd --list-all` prints it.
 *
 * @see firewalld.richlanguage(5)
 */
export function parseRichRule(text: string): RichRule {
  const port = /(?<!-)\bport port="([^"]+)" protocol="([^"]+)"/.exec(text);
  const service = /\bservice name="([^"]+)"/.exec(text)?.[1] ?? null;
  const source = /\bsource address="([^"]+)"/.exec(text)?.[1] ?? null;
  const isPlain = !/\blimit\b|\binvert=|\bsource-port\b|\bNOT\b|\bdestination\b/.test(text);
  return {
    ...{ text, service },
    ports: port === null ? [] : [`${port[1] ?? ""}/${port[2] ?? ""}`],
    isOfOtherKind:
      /\b(icmp-block|icmp-type|masquerade|forward-port)\b/.test(text) ||
      /\bprotocol value="(?!tcp")/.test(text),
    source: isPlain ? source : null,
    verdict: isPlain && /\baccept\b/.test(text) ? "accept" : "other",
  };
}
