import createFetchClient from "openapi-fetch";

import { ApiError, errorFromResponse, networkError } from "./problem";
import { REAUTHENTICATION_REQUIRED, reauthenticate } from "./reauthenticate";
import type { paths } from "./schema";

async function send(request: Request): Promise<Response> {
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

/** `fetch` that throws an ApiError for whatever is not a success. What wants a recent sign-in is asked for, then sent again. */
export async function apiFetch(request: Request): Promise<Response> {
  const again = request.clone();
  try {
    return await send(request);
  } catch (error) {
    const wanted = error instanceof ApiError && error.code === REAUTHENTICATION_REQUIRED;
    if (!wanted || !(await reauthenticate())) throw error;
    return send(again);
  }
}

/** The typed client: `api.GET("/v1/agents/{id}", …)`. Types come from the server's own document. */
export const api = createFetchClient<paths>({ baseUrl: "", fetch: apiFetch, credentials: "same-origin" });
