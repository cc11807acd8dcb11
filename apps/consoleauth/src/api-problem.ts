import {
  InvalidConsoleRequestError,
  InvalidTokenError,
  TokenStoreError,
} from "@nova-console/token";

/** Why a request of the HTTP API is not answered with what it asks for. */
export class ApiProblem extends Error {
  override readonly name = "ApiProblem";
  readonly code = "CONSOLEAUTH_ERR_API_PROBLEM";
  /** HTTP status. */
  readonly status: number;
  /** What would have been accepted, in words; null where there is nothing to change. */
  readonly allowed: string | null;
  /** Headers that go with the status. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    message: string,
    allowed: string | null = null,
    { headers = {}, cause }: { headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.status = status;
    this.allowed = allowed;
    this.headers = headers;
  }
}

/** Tells a caller what went wrong: exhaustive over what the store throws, 500 for a bug of ours. */
export function apiProblemFrom(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  if (error instanceof InvalidConsoleRequestError) {
    return new ApiProblem(400, error.message, error.allowed, { cause: error });
  }
  if (error instanceof InvalidTokenError) {
    return new ApiProblem(404, error.message, null, { cause: error });
  }
  if (error instanceof TokenStoreError) {
    return new ApiProblem(503, error.message, null, {
      headers: { "retry-after": "5" },
      cause: error,
    });
  }
  return new ApiProblem(500, "internal error; the log tells more", null, { cause: error });
}
