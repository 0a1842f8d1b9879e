import { ApiError, toApiError } from "@/lib/api/problem";

/** The error with its fields told: "config.variables[0].name: …" says more than that something is not valid. */
export function explained(thrown: unknown): ApiError {
  const error = toApiError(thrown);
  if (!error.fields.length) return error;
  const details = error.fields.map(({ field, message }) => `${field.replace(/^(config|variables)\./, "")} ${message}`).join("; ");
  return new ApiError(error.status, error.code, details, error.requestId, error.fields, error.retryAfterS);
}

/** Yields what comes; a refusal by the server is thrown explained, what else goes wrong as it is. */
export async function* explaining<T>(events: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  try {
    yield* events;
  } catch (thrown) {
    throw thrown instanceof ApiError ? explained(thrown) : thrown;
  }
}
