/* Asking a provider which models it has. */
#include "llm/wire.h"

enum { LIST_MAX_BYTES = 4 * 1024 * 1024 };

static enum ag_err read_list(struct ag_call *call, const struct ag_provider *provider,
                             const struct ag_llm_endpoint *endpoint, struct ag_arena *arena,
                             struct ag_list *ret_names)
{
    int status;
    struct ag_str body = {0};
    AG_TRY(ag_call_head(call, AG_NEVER, &status));
    enum ag_err err = ag_call_body(call, arena, LIST_MAX_BYTES, &body);
    /* Of a refusal the status says what kind it is, whatever became of its body. */
    if (status != 200 && err != AG_E_CANCELED) return provider->parse_error(status, body);
    AG_TRY(err);
    return provider->parse_models(endpoint, body, arena, ret_names);
}

enum ag_err ag_llm_models(struct ag_http_client *client, const struct ag_provider *provider,
                          const struct ag_llm_endpoint *endpoint, int64_t timeout_ms,
                          struct ag_arena *arena, struct ag_list *ret_names)
{
    struct ag_llm_http http;
    struct ag_call *call;
    AG_TRY(provider->build_models(endpoint, arena, &http));
    const struct ag_call_request request = {
        .method = "GET",
        .url = http.url,
        .headers = http.headers,
        .trust = endpoint->trust,
        .connect_timeout_ms = timeout_ms,
        .first_byte_timeout_ms = timeout_ms,
        .idle_timeout_ms = timeout_ms,
        .total_timeout_ms = timeout_ms,
        .max_body_bytes = LIST_MAX_BYTES,
    };
    AG_TRY(ag_call_start(client, &request, &call));
    enum ag_err err = read_list(call, provider, endpoint, arena, ret_names);
    ag_call_free(call);
    if (err != AG_OK) ag_wire_hide_key(endpoint->api_key);
    return err;
}
