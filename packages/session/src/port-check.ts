import type { ConnectInfo } from "@nova-console/token";
import { closeReasonOf } from "./close-reason-of.ts";
import { PortCheckUnavailableError, PortNotInstancesError, SessionRefusedError } from "./errors.ts";

/** Tells whether the place that a good token leads to is still its instance's: nova's `validate_console_port`. */
export interface PortCheck {
  /**
   * Resolves if it is.
   *
   * @param signal - aborts when the answer is for nobody any more
   * @throws {@link PortNotInstancesError} if it is not
   * @throws {@link PortCheckUnavailableError} if nobody can say
   */
  check(info: ConnectInfo, signal: AbortSignal): Promise<void>;
}

/**
 * What a check that did not succeed ends its session with. Whatever it is, it is no reason to open: a
 * fault of the network is the cloud's here, and not the viewer's or the backend's.
 */
export function refusalOfPortCheck(error: unknown): unknown {
  if (error instanceof SessionRefusedError || error instanceof PortNotInstancesError) return error;
  if (error instanceof PortCheckUnavailableError) return error;
  // A bug keeps its stack.
  if (closeReasonOf(error, "backend") === "internal-error") return error;
  return new PortCheckUnavailableError("the instance's port cannot be checked", { cause: error });
}
