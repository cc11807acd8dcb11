/** Longest head, its empty line included. */
export const MAX_HEAD_BYTES = 8 * 1024;

/** Longest body of a POST; nobody looks at it. */
const MAX_BODY_BYTES = 8 * 1024;

/** The methods of nova's viewers and of those who try the URL by hand. */
const METHODS = ["CONNECT", "GET", "POST"] as const;

/** What a viewer asks for. */
export interface RequestHead {
  readonly method: (typeof METHODS)[number];
  /**
   * As it was sent, one character a byte: a path with a query. It holds the token and must not reach
   * a log.
   */
  readonly target: string;
}

/** What came of the bytes so far; null while more are needed. */
export type HeadResult =
  | {
      readonly kind: "complete";
      readonly head: RequestHead;
      /** What came behind the head: the viewer's first bytes of RFB. */
      readonly rest: Buffer;
    }
  | { readonly kind: "refused"; readonly status: 400 | 413 | 431 };

const REQUEST_LINE = /^([A-Z]+)[ \t]+([^ \t]+)[ \t]+HTTP\/[01]\.[0-9]$/;
const CONTENT_LENGTH = /^content-length[ \t]*:(.*)$/i;
const TRANSFER_ENCODING = /^transfer-encoding[ \t]*:/i;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Parses the head of an XVP request as it comes in, whatever the pieces.
 *
 * ```
 * viewer -> "CONNECT " path "?token=" token " HTTP/1.0" CR LF CR LF
 * ```
 *
 * That is all a viewer of nova sends. GET and POST do as well, headers are passed over, a line may
 * end in LF alone, and the body of a POST is dropped. What cannot become such a head is refused at
 * the first byte that shows it.
 *
 * @see nova/vnc/xvp_proxy.py; eventlet's and Python's http.server for what they let pass
 */
export class RequestHeadParser {
  /** The head so far, as long as it is not complete; then what is left of the body. */
  #bytes: Buffer = Buffer.alloc(0);
  #lineStart = 0;
  #head: RequestHead | null = null;
  #bodyBytes: number | null = null;
  #headComplete = false;

  /** @returns null if more is needed; otherwise the result, and the parser is used up */
  push(bytes: Buffer): HeadResult | null {
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes]);
    while (!this.#headComplete) {
      const end = this.#bytes.subarray(0, MAX_HEAD_BYTES).indexOf(LINE_FEED, this.#lineStart);
      if (end === -1) return this.#refuseUnfinishedLine();
      const last =
        end > this.#lineStart && this.#bytes[end - 1] === CARRIAGE_RETURN ? end - 1 : end;
      const line = this.#bytes.toString("latin1", this.#lineStart, last);
      this.#lineStart = end + 1;
      const status = this.#takeLine(line);
      if (status !== null) return { kind: "refused", status };
    }
    return this.#complete();
  }

  #refuseUnfinishedLine(): HeadResult | null {
    if (this.#head === null && !mayBecomeRequestLine(this.#bytes)) {
      return { kind: "refused", status: 400 };
    }
    return this.#bytes.length >= MAX_HEAD_BYTES ? { kind: "refused", status: 431 } : null;
  }

  /** @returns the status it is to be refused with; null if it is good */
  #takeLine(line: string): 400 | 413 | null {
    if (this.#head === null) {
      this.#head = decodeRequestLine(line);
      return this.#head === null ? 400 : null;
    }
    if (line === "") {
      this.#headComplete = true;
      return null;
    }
    // Where the body of another kind ends, RFB begins: not to be guessed.
    if (TRANSFER_ENCODING.test(line)) return 400;
    const length = CONTENT_LENGTH.exec(line)?.[1]?.trim();
    if (length === undefined || this.#head.method === "CONNECT") return null;
    if (!/^\d{1,15}$/.test(length) || this.#bodyBytes !== null) return 400;
    this.#bodyBytes = Number(length);
    return this.#bodyBytes > MAX_BODY_BYTES ? 413 : null;
  }

  #complete(): HeadResult | null {
    const start = this.#lineStart + (this.#bodyBytes ?? 0);
    if (this.#head === null || this.#bytes.length < start) return null;
    return { kind: "complete", head: this.#head, rest: this.#bytes.subarray(start) };
  }
}

function decodeRequestLine(line: string): RequestHead | null {
  const [, word, target] = REQUEST_LINE.exec(line) ?? [];
  const method = METHODS.find((name) => name === word);
  return method === undefined || target === undefined ? null : { method, target };
}

function mayBecomeRequestLine(bytes: Buffer): boolean {
  return METHODS.some((method) => {
    const start = bytes.toString("latin1", 0, method.length);
    return method.startsWith(start);
  });
}
