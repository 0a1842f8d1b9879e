import createFetchClient from "openapi-fetch";

import { errorFromResponse, networkError } from "./problem";
import type { paths } from "./schema";

/** `fetch` that throws an ApiError for whatever is not a success. */
export async function apiFetch(request: Request): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(request);
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw networkError();
  }
  if (!response.ok) throw await errorFromResponse(response);
  return response;
}

/** The typed client: `api.GET("/v1/agents/{id}", …)`. Types come from the server's own document. */
export const api = createFetchClient<paths>({ baseUrl: "", fetch: apiFetch, credentials: "same-origin" });
