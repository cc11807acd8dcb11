/** How one connection of the page ended, as far as a browser can tell. */
export interface AttemptEnd {
  /** The person at the page ended it. */
  readonly wasRequested: boolean;
  /** How long the screen was shown; null if it never was. */
  readonly connectedForMs: number | null;
  /** The RFB security failure: its reason, `""` if the server gave none; null if there was none. */
  readonly securityFailure: string | null;
  /** What this page itself found wrong; null if nothing. */
  readonly localFailure: LocalFailure | null;
  /** WebSocket close code (RFC 6455 §7.4); 1006 if the connection broke. */
  readonly closeCode: number;
  /** WebSocket close reason; may be empty. */
  readonly closeReason: string;
}

/** A connection that the page did not open, or gave up. */
export interface LocalFailure {
  /** A whole sentence. */
  readonly words: string;
  /** Trying again would do the same. */
  readonly isFinal: boolean;
}

/** What the person at the page is told. */
export interface EndWords {
  /** Two or three words. */
  readonly title: string;
  /** What happened, as whole sentences. */
  readonly detail: string;
  /** What to do about it; empty if there is nothing to add. */
  readonly advice: string;
}

/** What kind of end it was: decides whether trying again can help. */
export type EndKind = "requested" | "refused" | "finished" | "failed";

const MAX_PEER_TEXT = 300;
const OPEN_AGAIN = "Open the console again from the dashboard.";
const TRY_LATER = "It may work again in a moment.";

/** RFC 6455 §7.4.1 and the registry it founds: codes that say that this was the end as planned. */
const FINISHED_CODES = new Set([1000, 1001, 1005]);
/** ... and codes that say that the same request will be answered the same way. */
const REFUSED_CODES = new Set([1002, 1003, 1007, 1008, 1009, 1010, 1015]);
/** ... and that the server had a passing problem: it counts even after a security failure. */
const TEMPORARY_CODES = new Set([1011, 1012, 1013, 1014]);

/** Sorts the end of a connection by what may be done about it. */
export function classifyEnd(end: AttemptEnd): EndKind {
  if (end.wasRequested) return "requested";
  if (end.localFailure !== null) return end.localFailure.isFinal ? "refused" : "failed";
  if (end.securityFailure !== null) {
    return TEMPORARY_CODES.has(end.closeCode) ? "failed" : "refused";
  }
  if (REFUSED_CODES.has(end.closeCode)) return "refused";
  return FINISHED_CODES.has(end.closeCode) ? "finished" : "failed";
}

/** Says in words why there is no console (any more). Never empty, whatever the peer sent. */
export function describeEnd(end: AttemptEnd): EndWords {
  if (end.localFailure !== null && !end.wasRequested) {
    return { title: "No connection", detail: end.localFailure.words, advice: "" };
  }
  const said = toSentence(end.securityFailure || end.closeReason);
  switch (classifyEnd(end)) {
    case "requested":
      return { title: "Disconnected", detail: "You closed this console.", advice: "" };
    case "refused":
      return {
        title: "Console refused",
        detail: said || "The server refused this console and gave no reason.",
        advice: /dashboard|operator/i.test(said) ? "" : OPEN_AGAIN,
      };
    case "finished":
      return {
        title: "Console closed",
        // What nova's proxy says when the VNC server hangs up; it speaks of the proxy's inside.
        detail: /^target closed/i.test(said)
          ? "The instance closed the connection: it may have been stopped or restarted."
          : said || "The console was closed by the server.",
        advice: "",
      };
    case "failed":
      return describeFailure(end, said);
  }
}

function describeFailure(end: AttemptEnd, said: string): EndWords {
  const title = end.connectedForMs === null ? "No connection" : "Connection lost";
  if (said !== "") return { title, detail: said, advice: TRY_LATER };
  if (end.closeCode !== 1006) {
    return { title, detail: `The server had a problem (${end.closeCode}).`, advice: TRY_LATER };
  }
  return end.connectedForMs === null
    ? {
        title,
        detail:
          "The connection ended before the screen appeared: the console proxy cannot be reached, " +
          "or this link is no longer valid.",
        advice: OPEN_AGAIN,
      }
    : {
        title,
        detail: "The network or the console proxy dropped the connection without saying why.",
        advice: "",
      };
}

/** A peer's text as one bounded sentence: it goes on a page beside words of our own. */
function toSentence(text: string): string {
  const plain = text
    // eslint-disable-next-line no-control-regex -- control characters are what is taken out
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ")
    .trim()
    .slice(0, MAX_PEER_TEXT);
  if (plain === "") return "";
  const capital = plain.charAt(0).toUpperCase() + plain.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}
