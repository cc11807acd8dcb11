import { randomUUID } from "node:crypto";
import { InvalidMessageError, RemoteError } from "./errors.ts";

/** Major version 2: the message is a JSON text within JSON. @see oslo_messaging/_drivers/common.py */
const ENVELOPE_VERSION = "2.0";
/** An instance with all its parts is some 20 KB. */
const MAX_MESSAGE_BYTES = 16 * 1024 ** 2;
const MAX_SHOWN_CHARACTERS = 500;

type Json = Readonly<Record<string, unknown>>;

/** A request as it comes in. */
export interface Request {
  readonly method: string;
  readonly args: Json;
  /** `MAJOR.MINOR`; one that is no text stands in here as a text that no service accepts. */
  readonly version: string;
  /** Null: none. One that is no text stands in here as a text as well. */
  readonly namespace: string | null;
  /** Where the answer goes; null for a cast. */
  readonly replyTo: { readonly queue: string; readonly messageId: string } | null;
  /** Whether the caller takes no result from the message that ends an answer. */
  readonly wantsEndApart: boolean;
}

/** An answer as it comes in. */
export interface Reply {
  /** Which call it is for. */
  readonly messageId: string;
  readonly result: unknown;
  /** What was raised instead. */
  readonly failure: RemoteError | null;
  /** Whether it is the last message of the answer. */
  readonly isLast: boolean;
}

/** What {@link encodeRequest} writes. */
export interface RequestToSend {
  readonly method: string;
  readonly args: object;
  readonly version: string;
  readonly replyTo: { readonly queue: string; readonly messageId: string } | null;
}

/** 32 hex digits, as oslo.messaging names messages and queues. */
export function uniqueId(): string {
  return randomUUID().replaceAll("-", "");
}

/** Writes a request, with the context of an administrator as nova's own proxy sends it. */
export function encodeRequest({ method, args, version, replyTo }: RequestToSend): Buffer {
  return encodeEnvelope({
    method,
    args,
    version,
    ...(replyTo === null
      ? {}
      : { _msg_id: replyTo.messageId, _reply_q: replyTo.queue, _timeout: null }),
    _unique_id: uniqueId(),
    _context_is_admin: true,
    _context_request_id: `req-${randomUUID()}`,
    _context_user_id: null,
    _context_project_id: null,
    _context_roles: [],
    _context_read_deleted: "no",
    _context_remote_address: null,
    _context_auth_token: null,
    _context_service_catalog: [],
  });
}

/** @throws {@link InvalidMessageError} if it is no request */
export function decodeRequest(content: Buffer): Request {
  const message = decodeEnvelope(content);
  const { method, args, version, namespace, _msg_id: messageId, _reply_q: queue } = message;
  if (typeof method !== "string") throw new InvalidMessageError("request without a method");
  const isCall = typeof messageId === "string" && messageId !== "";
  return {
    method,
    args: isObject(args) ? args : {},
    // 1.0 and no namespace where the member is absent only: what is there and is no text is refused, as by
    // oslo.messaging, and not served as if it were absent.
    version: version === undefined ? "1.0" : textOrOther(version),
    namespace: namespace === undefined || namespace === null ? null : textOrOther(namespace),
    // Grizzly makes a queue for each call, of that name.
    replyTo: isCall ? { queue: typeof queue === "string" ? queue : messageId, messageId } : null,
    // Rocky's and later say how long they wait; they take what is not the end for a sign of life.
    wantsEndApart: isCall && !("_timeout" in message),
  };
}

/** @param isLast - else {@link encodeReplyEnd} follows */
export function encodeReply(
  messageId: string,
  outcome: { readonly result: unknown } | { readonly failure: RemoteError },
  isLast: boolean,
): Buffer {
  return encodeEnvelope({
    result: "result" in outcome ? (outcome.result ?? null) : null,
    failure: "failure" in outcome ? encodeFailure(outcome.failure) : null,
    ...(isLast ? { ending: true } : {}),
    _msg_id: messageId,
    _unique_id: uniqueId(),
  });
}

/** Writes the end of an answer in two messages, as callers until Liberty want it. */
export function encodeReplyEnd(messageId: string): Buffer {
  return encodeEnvelope({
    result: null,
    failure: null,
    ending: true,
    _msg_id: messageId,
    _unique_id: uniqueId(),
  });
}

/** @throws {@link InvalidMessageError} if it is no answer */
export function decodeReply(content: Buffer): Reply {
  const { _msg_id: messageId, result, failure, ending } = decodeEnvelope(content);
  if (typeof messageId !== "string") throw new InvalidMessageError("answer without _msg_id");
  return {
    messageId,
    result: result ?? null,
    failure: failure === null || failure === undefined ? null : decodeFailure(failure),
    isLast: ending === true,
  };
}

/** What is no text is marked as such: the number 2.1 is no version. */
function textOrOther(value: unknown): string {
  if (typeof value === "string") return value;
  return `(${typeof value}) ${JSON.stringify(value).slice(0, MAX_SHOWN_CHARACTERS)}`;
}

function encodeFailure({ remoteClass, remoteModule, remoteMessage }: RemoteError): string {
  return JSON.stringify({
    class: remoteClass,
    module: remoteModule,
    message: remoteMessage,
    tb: [],
    args: [remoteMessage],
    kwargs: {},
  });
}

/** A failure is a JSON text again; whatever it is, it stays a failure. */
function decodeFailure(failure: unknown): RemoteError {
  const decoded = typeof failure === "string" ? parseJson(failure, "failure") : failure;
  const fields = isObject(decoded) ? decoded : {};
  return new RemoteError(
    textOf(fields["class"]) || "an exception",
    textOf(fields["module"]),
    textOf(fields["message"]),
  );
}

function textOf(value: unknown): string {
  return typeof value === "string"
    ? value.replace(/\p{Cc}+/gu, " ").slice(0, MAX_SHOWN_CHARACTERS)
    : "";
}

function encodeEnvelope(message: Json): Buffer {
  const envelope = {
    "oslo.version": ENVELOPE_VERSION,
    "oslo.message": JSON.stringify(message),
  };
  return Buffer.from(JSON.stringify(envelope));
}

function decodeEnvelope(content: Buffer): Json {
  if (content.length > MAX_MESSAGE_BYTES) {
    throw new InvalidMessageError(
      `message of ${content.length} bytes, at most ${MAX_MESSAGE_BYTES} are read`,
    );
  }
  const envelope = parseJson(content.toString("utf8"), "message");
  if (!isObject(envelope)) throw new InvalidMessageError("message is no JSON object");
  const version = envelope["oslo.version"];
  // Sent bare by what is older than envelopes, and read so by oslo.messaging to this day.
  if (version === undefined || !("oslo.message" in envelope)) return envelope;
  if (typeof version !== "string" || !/^2\./.test(version)) {
    throw new InvalidMessageError(`envelope is not of version ${ENVELOPE_VERSION}`);
  }
  const inner = envelope["oslo.message"];
  const message = typeof inner === "string" ? parseJson(inner, "oslo.message") : inner;
  if (!isObject(message)) throw new InvalidMessageError("oslo.message is no JSON object");
  return message;
}

/** The text is not kept, as it may hold a token. */
function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidMessageError(`${what} is no JSON`);
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
