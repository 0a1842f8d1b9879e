import createQueryClient from "openapi-react-query";

import { api } from "./client";

/** The API as query hooks: `$api.useQuery("get", "/v1/agents")`, keyed by method, path and parameters. */
export const $api = createQueryClient(api);
