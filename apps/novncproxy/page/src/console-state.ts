import { type AttemptEnd, describeEnd, type EndWords } from "./attempt-end.ts";
import {
  decideNextStep,
  extendHistory,
  FRESH_HISTORY,
  type ReconnectPolicy,
  type RetryHistory,
} from "./reconnect-policy.ts";

/** Where the page is with its one console. */
export type ConsoleState =
  /** Nothing was tried: the URL says `autoconnect=0`. */
  | { readonly phase: "ready" }
  | { readonly phase: "connecting"; readonly history: RetryHistory }
  | { readonly phase: "connected"; readonly history: RetryHistory }
  /** Waits to try again. */
  | {
      readonly phase: "reconnecting";
      readonly history: RetryHistory;
      readonly words: EndWords;
      readonly delayMs: number;
    }
  | { readonly phase: "closed"; readonly words: EndWords };

/** What moves it. */
export type ConsoleEvent =
  /** The person at the page, or the URL, asks for the console. */
  | { readonly type: "connect" }
  /** The pause before a retry is over. */
  | { readonly type: "retry" }
  /** The screen is there. */
  | { readonly type: "connected" }
  /** The person at the page wants no retry. */
  | { readonly type: "stop" }
  | { readonly type: "ended"; readonly end: AttemptEnd; readonly random: number };

/**
 * The next state. An event that has no meaning in a state leaves it as it is: timers and sockets
 * may be late.
 */
export function nextState(
  state: ConsoleState,
  event: ConsoleEvent,
  policy: ReconnectPolicy,
): ConsoleState {
  switch (event.type) {
    case "connect":
      return state.phase === "connecting" || state.phase === "connected"
        ? state
        : { phase: "connecting", history: FRESH_HISTORY };
    case "retry":
      return state.phase === "reconnecting"
        ? {
            phase: "connecting",
            history: { ...state.history, retries: state.history.retries + 1 },
          }
        : state;
    case "connected":
      return state.phase === "connecting" ? { ...state, phase: "connected" } : state;
    case "stop":
      return state.phase === "reconnecting" ? { phase: "closed", words: state.words } : state;
    case "ended":
      return state.phase === "connecting" || state.phase === "connected"
        ? afterEnd(state.history, event, policy)
        : state;
  }
}

function afterEnd(
  before: RetryHistory,
  event: Extract<ConsoleEvent, { type: "ended" }>,
  policy: ReconnectPolicy,
): ConsoleState {
  const history = extendHistory(before, event.end);
  const words = describeEnd(event.end);
  const step = decideNextStep(event.end, history, policy, event.random);
  if (step.retry) return { phase: "reconnecting", history, words, delayMs: step.delayMs };
  if (!step.gaveUp) return { phase: "closed", words };
  const tried = `${words.detail} It was tried ${history.retries + 1} times.`;
  return { phase: "closed", words: { ...words, detail: tried } };
}
