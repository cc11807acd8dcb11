/**
 * Why a session ended: every session has exactly one of these.
 *
 * `words` is what the viewer is told, in general words: what went wrong inside is the operator's
 * to read in the log (nova's rule). `webSocketCode` is RFC 6455 §7.4's, `httpStatus` is for a
 * front that still speaks HTTP (the XVP handshake of nova's xvp_proxy knows 400 and 401 only).
 * 1008 says that the same request will be refused again: the page does not retry.
 */
export const closeReasons = {
  "viewer-closed": { words: "viewer closed the connection", webSocketCode: 1000, httpStatus: 400 },
  "backend-closed": { words: "Target closed", webSocketCode: 1000, httpStatus: 400 },
  "token-missing": {
    words: "no console token given: open the console again from the dashboard",
    webSocketCode: 1008,
    httpStatus: 400,
  },
  "token-invalid": {
    words: "token is unknown or expired: open the console again from the dashboard",
    webSocketCode: 1008,
    httpStatus: 401,
  },
  "token-store-unavailable": {
    words: "console tokens cannot be checked at the moment: try again later",
    webSocketCode: 1011,
    httpStatus: 503,
  },
  "token-expired": {
    words: "the time of this console is over: open it again from the dashboard",
    webSocketCode: 1008,
    httpStatus: 401,
  },
  "console-type": {
    words: "this token is not for a VNC console",
    webSocketCode: 1008,
    httpStatus: 401,
  },
  "origin-refused": {
    words: "this page may not open consoles here",
    webSocketCode: 1008,
    httpStatus: 403,
  },
  "too-many-attempts": {
    words: "too many wrong tokens or passwords: wait a minute and try again",
    webSocketCode: 1013,
    httpStatus: 429,
  },
  "too-many-sessions": {
    words: "too many consoles are open: close one and try again",
    webSocketCode: 1013,
    httpStatus: 503,
  },
  "backend-forbidden": {
    words: "this proxy may not connect to the instance's screen: its operator must change that",
    webSocketCode: 1008,
    httpStatus: 400,
  },
  "name-lookup-failed": {
    words: "the address of the instance's screen cannot be found",
    webSocketCode: 1011,
    httpStatus: 400,
  },
  "backend-unreachable": {
    words: "the instance's screen cannot be reached",
    webSocketCode: 1011,
    httpStatus: 400,
  },
  "backend-refused": {
    words: "the instance's screen refused the connection",
    webSocketCode: 1011,
    httpStatus: 400,
  },
  "backend-incompatible": {
    words:
      "the instance's screen wants a password or a protocol that this proxy does not have: its operator must change that",
    webSocketCode: 1008,
    httpStatus: 400,
  },
  "backend-lost": {
    words: "the connection to the instance's screen was lost",
    webSocketCode: 1011,
    httpStatus: 400,
  },
  "backend-timeout": {
    words: "the instance's screen does not answer",
    webSocketCode: 1011,
    httpStatus: 400,
  },
  "viewer-misbehaved": {
    words: "the viewer broke the protocol",
    webSocketCode: 1002,
    httpStatus: 400,
  },
  "viewer-timeout": {
    words: "the viewer did not finish its handshake in time",
    webSocketCode: 1001,
    httpStatus: 408,
  },
  "credential-timeout": {
    words: "the token was not given in time: connect again",
    webSocketCode: 1001,
    httpStatus: 408,
  },
  "idle-timeout": {
    words: "closed after a time without input",
    webSocketCode: 1001,
    httpStatus: 408,
  },
  "proxy-shutdown": {
    words: "the console proxy is being stopped",
    webSocketCode: 1012,
    httpStatus: 503,
  },
  "ended-by-operator": {
    words: "this console was closed by an operator",
    webSocketCode: 1000,
    httpStatus: 503,
  },
  "internal-error": { words: "the console proxy failed", webSocketCode: 1011, httpStatus: 500 },
} as const;

/** Name of a close reason: what logs and counters carry. */
export type CloseReason = keyof typeof closeReasons;
