import type { Problem } from "./schema";

/**
 * Why a call failed. Every call of the API throws this and nothing else (but AbortError).
 * `status` 0: no answer came at all.
 */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** From when on asking again makes sense, if the server said so. */
  readonly retryAt: number | null;
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly requestId: string | null,
    readonly fields: readonly { field: string; code: string; message: string }[],
    readonly retryAfterS: number | null,
  ) {
    super(message);
    this.retryAt = retryAfterS === null ? null : Date.now() + retryAfterS * 1_000;
  }

  get offline(): boolean {
    return this.status === 0;
  }
}

function isProblem(value: unknown): value is Problem {
  return typeof value === "object" && value !== null && "code" in value && "title" in value;
}

/** Turns a reply that is not a success into the error to throw (RFC 9457 problem documents). */
export async function errorFromResponse(response: Response): Promise<ApiError> {
  const retryAfter = Number(response.headers.get("Retry-After") ?? Number.NaN);
  const requestId = response.headers.get("X-Request-Id");
  const body: unknown = await response.json().catch(() => null);
  const after = Number.isFinite(retryAfter) ? retryAfter : null;
  if (!isProblem(body)) {
    return new ApiError(response.status, "unexpected_reply", `HTTP ${response.status}`, requestId, [], after);
  }
  return new ApiError(response.status, body.code, body.detail ?? body.title, body.request_id, body.errors ?? [], after);
}

export function networkError(): ApiError {
  return new ApiError(0, "network", "The server cannot be reached", null, [], null);
}

/** Whatever was thrown, as an ApiError. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new ApiError(-1, "client_error", message, null, [], null);
}
