#include "core/oauth_client.h"
#include "net/http_client.h"
#include "runtime/offload.h"

#include <sodium.h>

enum {
    CONNECT_MS = 5000,
    ANSWER_MS = 8000, /* one answer, from beginning to end */
    VISIT_MS = 15000, /* all that a code needs */
    CODE_MAX_BYTES = 4096,
    FORM_MAX_BYTES = 32 * 1024,
};

const struct ag_oauth_provider *ag_oauth_provider(const struct ag_core *core, struct ag_str id)
{
    for (size_t i = 0; i < AG_OAUTH_PROVIDERS; i++) {
        const struct ag_oauth_provider *provider = &core->options.oauth[i];
        if (provider->client_id.len > 0 && ag_str_eq(provider->id, id)) return provider;
    }
    return NULL;
}

enum ag_err ag_oauth_redirect_uri(const struct ag_core *core,
                                  const struct ag_oauth_provider *provider, struct ag_arena *arena,
                                  struct ag_str *ret_uri)
{
    *ret_uri = ag_arena_printf(arena, "%.*s/v1/auth/oauth/%.*s/callback",
                               AG_STR_ARG(core->options.public_url), AG_STR_ARG(provider->id));
    return ret_uri->data ? AG_OK : ag_fail(AG_E_NO_MEMORY, "no memory for an address");
}

/* ---- asking ---- */

/* Scheme, host and port of a URL. */
static struct ag_str origin_of(struct ag_str url)
{
    ptrdiff_t host = ag_str_find(url, AG_STR("://"));
    size_t end = host < 0 ? 0 : (size_t)host + 3;
    while (end < url.len && url.data[end] != '/' && url.data[end] != '?')
        end++;
    return ag_str_sub(url, 0, end);
}

/* Who chose the address: the operator, or the provider's document. */
static enum ag_egress_trust trust_in(const struct ag_oauth_provider *provider, struct ag_str url)
{
    struct ag_str origin = origin_of(url);
    bool named = ag_str_eq_nocase(origin, origin_of(provider->issuer)) ||
                 (ag_oauth_is_github(provider) &&
                  ag_str_eq_nocase(origin, origin_of(provider->api_url)));
    return named ? AG_EGRESS_OPERATOR : AG_EGRESS_USER;
}

enum ag_err ag_oauth_ask(struct ag_core *core, const struct ag_oauth_provider *provider,
                         const struct ag_oauth_question *question, struct ag_arena *arena,
                         int *ret_status, struct ag_str *ret_body)
{
    const char *headers[AG_COUNT(question->headers) + 2] = {"User-Agent: agentgen"};
    for (size_t i = 0; i < AG_COUNT(question->headers) && question->headers[i]; i++)
        headers[i + 1] = question->headers[i];
    const struct ag_call_request request = {
        .method = question->method,
        .url = ag_arena_cstr(arena, question->url),
        .headers = headers,
        .body = question->body,
        .trust = trust_in(provider, question->url),
        .connect_timeout_ms = CONNECT_MS,
        .first_byte_timeout_ms = ANSWER_MS,
        .idle_timeout_ms = ANSWER_MS,
        .total_timeout_ms = ANSWER_MS,
        .max_body_bytes = question->max_bytes,
    };
    if (!request.url) return ag_fail(AG_E_NO_MEMORY, "no memory for an address");
    struct ag_call *call;
    AG_TRY(ag_call_start(ag_core_loop(core)->http, &request, &call));
    enum ag_err err = ag_call_head(call, AG_NEVER, ret_status);
    if (err == AG_OK) err = ag_call_body(call, arena, question->max_bytes, ret_body);
    ag_call_free(call);
    return err;
}

/* What a status other than 200 says of a provider; its words are not repeated. */
static enum ag_err bad_status(int status)
{
    enum ag_err err = status == 429 || status >= 500 ? AG_E_UPSTREAM_ERROR : AG_E_UPSTREAM_INVALID;
    return ag_fail(err, "the identity provider answered with status %d", status);
}

enum ag_err ag_oauth_get(struct ag_core *core, const struct ag_oauth_provider *provider,
                         const struct ag_oauth_question *question, struct ag_arena *arena,
                         struct ag_str *ret_body)
{
    int status;
    AG_TRY(ag_oauth_ask(core, provider, question, arena, &status, ret_body));
    return status == 200 ? AG_OK : bad_status(status);
}

/* ---- trading the code ---- */

/* "Authorization: Basic ..." of the client, whose parts are escaped first (RFC 6749 2.3.1). */
static enum ag_err basic_header(const struct ag_oauth_provider *provider, struct ag_arena *arena,
                                const char **ret_header)
{
    static const char name[] = "Authorization: Basic ";
    struct ag_buf pair;
    ag_buf_init(&pair, arena, FORM_MAX_BYTES);
    ag_buf_append_escaped(&pair, provider->client_id);
    ag_buf_append_char(&pair, ':');
    ag_buf_append_escaped(&pair, provider->client_secret);
    AG_TRY(ag_buf_err(&pair));
    size_t room = sizeof(name) +
                  sodium_base64_encoded_len(pair.len, sodium_base64_VARIANT_ORIGINAL);
    char *header = ag_arena_alloc(arena, room);
    if (!header) return ag_fail(AG_E_NO_MEMORY, "no memory for a request header");
    memcpy(header, name, sizeof(name) - 1);
    sodium_bin2base64(header + sizeof(name) - 1, room - sizeof(name) + 1,
                      (const uint8_t *)pair.data, pair.len, sodium_base64_VARIANT_ORIGINAL);
    *ret_header = header;
    return AG_OK;
}

/* Trades the code at `url`; the client's secret goes into the body, or into a header. */
static enum ag_err trade(struct ag_core *core, const struct ag_oauth_provider *provider,
                         struct ag_str url, bool secret_in_body, const struct ag_oauth_code *code,
                         struct ag_arena *arena, struct ag_oidc_tokens *ret_tokens)
{
    struct ag_oauth_question question = {
        .method = "POST",
        .url = url,
        .headers = {"Accept: application/json", "Content-Type: application/x-www-form-urlencoded"},
        .max_bytes = AG_OIDC_REPLY_MAX_BYTES,
    };
    struct ag_str redirect_uri, body;
    struct ag_buf form;
    int status;
    AG_TRY(ag_oauth_redirect_uri(core, provider, arena, &redirect_uri));
    ag_buf_init(&form, arena, FORM_MAX_BYTES);
    ag_buf_append_pair(&form, "grant_type", AG_STR("authorization_code"));
    ag_buf_append_pair(&form, "code", code->code);
    ag_buf_append_pair(&form, "redirect_uri", redirect_uri);
    ag_buf_append_pair(&form, "code_verifier", code->verifier);
    if (secret_in_body) {
        ag_buf_append_pair(&form, "client_id", provider->client_id);
        ag_buf_append_pair(&form, "client_secret", provider->client_secret);
    } else {
        AG_TRY(basic_header(provider, arena, &question.headers[2]));
    }
    AG_TRY(ag_buf_err(&form));
    question.body = ag_buf_str(&form);
    AG_TRY(ag_oauth_ask(core, provider, &question, arena, &status, &body));
    if (status == 429 || status >= 500 || (status >= 300 && status < 400))
        return bad_status(status);
    enum ag_err err = ag_oidc_tokens_parse(body, arena, ret_tokens);
    /* An error that is not told in JSON is one all the same, and so is a token with a bad status.
     */
    return status != 200 && err != AG_E_UPSTREAM_REJECTED ? bad_status(status) : err;
}

static enum ag_err bearer_header(struct ag_str token, struct ag_arena *arena,
                                 const char **ret_header)
{
    struct ag_str header = ag_arena_printf(arena, "Authorization: Bearer %.*s", AG_STR_ARG(token));
    if (!header.data) return ag_fail(AG_E_NO_MEMORY, "no memory for a request header");
    *ret_header = header.data;
    return AG_OK;
}

/* ---- OpenID Connect ---- */

struct verification {
    const struct ag_oidc_keys *keys;
    struct ag_str token;
    const struct ag_oidc_expected *expected;
    struct ag_arena *arena;
    struct ag_oidc_identity *identity;
};

static enum ag_err verify_job(void *arg)
{
    struct verification *job = arg;
    return ag_oidc_verify(job->keys, job->token, job->expected, job->arena, job->identity);
}

/* Verifies the ID token; a key that is not known may have come since. */
static enum ag_err verify(struct ag_core *core, const struct ag_oauth_provider *provider,
                          const struct ag_oauth_code *code, struct ag_str token,
                          struct ag_arena *arena, struct ag_oidc_identity *ret_identity)
{
    const struct ag_oidc_expected expected = {
        .issuer = provider->issuer,
        .client_id = provider->client_id,
        .nonce = code->nonce,
        .now_s = ag_wall_ms() / 1000,
        .signed_in_since_s = code->signed_in_since_s,
        .tells_auth_time = provider->tells_auth_time,
        .takes_edov = provider->takes_edov,
    };
    struct ag_oidc_keys keys;
    struct verification job = {&keys, token, &expected, arena, ret_identity};
    AG_TRY(ag_oauth_keys(core, provider, false, arena, &keys));
    enum ag_err err = ag_offload(verify_job, &job);
    if (err != AG_E_NOT_FOUND) return err;
    AG_TRY(ag_oauth_keys(core, provider, true, arena, &keys));
    err = ag_offload(verify_job, &job);
    return err == AG_E_NOT_FOUND ? ag_fail(AG_E_UPSTREAM_INVALID, "the ID token's key is unknown")
                                 : err;
}

/* An ID token need not tell of the person; the userinfo endpoint does (OpenID Connect Core 5.4). */
static enum ag_err add_userinfo(struct ag_core *core, const struct ag_oauth_provider *provider,
                                struct ag_str url, struct ag_str access_token,
                                struct ag_arena *arena, struct ag_oidc_identity *identity)
{
    struct ag_oauth_question question = {
        .method = "GET",
        .url = url,
        .headers = {"Accept: application/json"},
        .max_bytes = AG_OIDC_REPLY_MAX_BYTES,
    };
    struct ag_oidc_identity told;
    struct ag_str body;
    AG_TRY(bearer_header(access_token, arena, &question.headers[1]));
    AG_TRY(ag_oauth_get(core, provider, &question, arena, &body));
    AG_TRY(ag_oidc_userinfo_parse(body, identity->subject, arena, &told));
    if (told.name.len == 0) told.name = identity->name;
    told.signed_in_at_s = identity->signed_in_at_s;
    *identity = told;
    return AG_OK;
}

static enum ag_err identify_oidc(struct ag_core *core, const struct ag_oauth_provider *provider,
                                 const struct ag_oauth_code *code, struct ag_arena *arena,
                                 struct ag_oidc_identity *ret_identity)
{
    struct ag_oidc_metadata metadata;
    struct ag_oidc_tokens tokens;
    struct ag_oidc_identity identity;
    AG_TRY(ag_oauth_metadata(core, provider, arena, &metadata));
    AG_TRY(trade(core, provider, metadata.token_endpoint, metadata.secret_in_body, code, arena,
                 &tokens));
    if (tokens.id_token.len == 0)
        return ag_fail(AG_E_UPSTREAM_INVALID, "\"id_token\" is missing; is openid among the "
                                              "scopes?");
    AG_TRY(verify(core, provider, code, tokens.id_token, arena, &identity));
    if (!identity.says_email && metadata.userinfo_endpoint.len > 0)
        AG_TRY(add_userinfo(core, provider, metadata.userinfo_endpoint, tokens.access_token, arena,
                            &identity));
    *ret_identity = identity;
    return AG_OK;
}

/* ---- GitHub ---- */

static enum ag_err github_get(struct ag_core *core, const struct ag_oauth_provider *provider,
                              const char *path, struct ag_str access_token, struct ag_arena *arena,
                              struct ag_str *ret_body)
{
    struct ag_str base = provider->api_url;
    while (base.len > 0 && base.data[base.len - 1] == '/')
        base.len--;
    struct ag_oauth_question question = {
        .method = "GET",
        .url = ag_arena_printf(arena, "%.*s%s", AG_STR_ARG(base), path),
        .headers = {"Accept: application/vnd.github+json", "X-GitHub-Api-Version: 2022-11-28"},
        .max_bytes = AG_OIDC_REPLY_MAX_BYTES,
    };
    if (!question.url.data) return ag_fail(AG_E_NO_MEMORY, "no memory for an address");
    AG_TRY(bearer_header(access_token, arena, &question.headers[2]));
    return ag_oauth_get(core, provider, &question, arena, ret_body);
}

static enum ag_err identify_github(struct ag_core *core, const struct ag_oauth_provider *provider,
                                   const struct ag_oauth_code *code, struct ag_arena *arena,
                                   struct ag_oidc_identity *ret_identity)
{
    struct ag_oidc_tokens tokens;
    struct ag_oidc_identity identity;
    struct ag_str body, base = provider->issuer;
    while (base.len > 0 && base.data[base.len - 1] == '/')
        base.len--;
    struct ag_str url = ag_arena_printf(arena, "%.*s/login/oauth/access_token", AG_STR_ARG(base));
    if (!url.data) return ag_fail(AG_E_NO_MEMORY, "no memory for an address");
    AG_TRY(trade(core, provider, url, true, code, arena, &tokens));
    AG_TRY(github_get(core, provider, "/user", tokens.access_token, arena, &body));
    AG_TRY(ag_github_user_parse(body, arena, &identity));
    AG_TRY(
        github_get(core, provider, "/user/emails?per_page=100", tokens.access_token, arena, &body));
    AG_TRY(ag_github_emails_parse(body, arena, &identity));
    *ret_identity = identity;
    return AG_OK;
}

enum ag_err ag_oauth_identify(struct ag_core *core, const struct ag_oauth_provider *provider,
                              const struct ag_oauth_code *code, struct ag_arena *arena,
                              struct ag_oidc_identity *ret_identity)
{
    if (code->code.len > CODE_MAX_BYTES)
        return ag_fail(AG_E_UPSTREAM_INVALID, "the code is longer than %d bytes", CODE_MAX_BYTES);
    ag_deadline_ms own = ag_deadline_in(VISIT_MS), before = ag_fiber_set_deadline(own);
    if (before < own) ag_fiber_set_deadline(before);
    enum ag_err err = ag_oauth_is_github(provider)
                          ? identify_github(core, provider, code, arena, ret_identity)
                          : identify_oidc(core, provider, code, arena, ret_identity);
    ag_fiber_set_deadline(before);
    return err;
}
