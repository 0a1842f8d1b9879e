#include "app/backend.h"

#include "app/data_dir.h"

/* Users and addresses whose use is counted at the same time; 256 KiB. */
enum { LIMITED_KEYS = 16 * 1024 };

static struct ag_core_options core_options(const struct ag_options *o)
{
    return (struct ag_core_options){
        .openai_key = o->openai_api_key,
        .openai_base_url = o->openai_base_url,
        .anthropic_key = o->anthropic_api_key,
        .anthropic_base_url = o->anthropic_base_url,
        .default_model = o->default_model,
        .limits =
            {
                .connect_timeout_ms = o->upstream_connect_timeout_ms,
                .first_byte_timeout_ms = o->upstream_first_byte_timeout_ms,
                .idle_timeout_ms = o->upstream_idle_timeout_ms,
                .total_timeout_ms = o->upstream_total_timeout_ms,
                .retries = (int)o->upstream_retries,
            },
        .token_ttl_s = o->token_ttl_s,
        .refresh_ttl_s = o->refresh_ttl_s,
        .public_url = o->public_url,
        .oauth =
            {
                {
                    .id = AG_STR("google"),
                    .name = AG_STR("Google"),
                    .issuer = o->google_issuer,
                    .client_id = o->google_client_id,
                    .client_secret = o->google_client_secret,
                    .scopes = AG_STR("openid email profile"),
                },
                {
                    .id = AG_STR("github"),
                    .name = AG_STR("GitHub"),
                    .issuer = o->github_url,
                    .api_url = o->github_api_url,
                    .client_id = o->github_client_id,
                    .client_secret = o->github_client_secret,
                    .scopes = AG_STR("read:user user:email"),
                },
                {
                    .id = AG_STR("oidc"),
                    .name = o->oidc_name,
                    .issuer = o->oidc_issuer,
                    .client_id = o->oidc_client_id,
                    .client_secret = o->oidc_client_secret,
                    .scopes = o->oidc_scopes,
                    .tells_auth_time = true,
                    .takes_edov = true,
                },
            },
    };
}

static enum ag_err open_key(struct ag_backend *backend)
{
    struct ag_str secret;
    AG_TRY(ag_secrets_load(backend->options, &backend->arena, &secret, &backend->first_start));
    enum ag_err err = ag_jwt_key_new(secret, &backend->core.jwt);
    explicit_bzero((char *)(uintptr_t)secret.data, secret.len);
    return err;
}

static enum ag_err open_parts(struct ag_backend *backend, unsigned loops, bool exclusive)
{
    AG_TRY(ag_options_database(backend->options, &backend->arena, &backend->database_url));
    AG_TRY(ag_data_dir_make(backend->options));
    if (exclusive) AG_TRY(ag_database_lock(backend->database_url, &backend->lock_fd));
    AG_TRY(open_key(backend));
    AG_TRY(ag_egress_new(backend->options->egress_allow, &backend->core.egress));
    if (backend->options->rate_limits) AG_TRY(ag_limiter_new(LIMITED_KEYS, &backend->core.limiter));
    AG_TRY(ag_db_register(ag_store_tables, ag_store_table_count));
    const struct ag_db_options db_options = {.url = backend->database_url, .loops = loops};
    AG_TRY(ag_db_open(&db_options, &backend->core.db));
    const struct ag_core_options core = core_options(backend->options);
    ag_core_init(&backend->core, &core);
    return AG_OK;
}

enum ag_err ag_backend_open(struct ag_backend *backend, const struct ag_options *options,
                            unsigned loops, bool exclusive)
{
    memset(backend, 0, sizeof(*backend));
    backend->options = options;
    backend->lock_fd = -1;
    ag_arena_init(&backend->arena);
    enum ag_err err = open_parts(backend, loops, exclusive);
    if (err != AG_OK) ag_backend_close(backend);
    return err;
}

enum ag_err ag_backend_share_limits(struct ag_backend *backend)
{
    struct ag_str url = backend->options->redis_url;
    if (!backend->core.limiter || url.len == 0) return AG_OK;
    return ag_limiter_share(backend->core.limiter, url);
}

void ag_backend_close(struct ag_backend *backend)
{
    ag_core_done(&backend->core);
    ag_db_close(AG_TAKE(backend->core.db));
    ag_limiter_free(AG_TAKE(backend->core.limiter));
    ag_egress_free(AG_TAKE(backend->core.egress));
    ag_jwt_key_free(AG_TAKE(backend->core.jwt));
    ag_database_unlock(backend->lock_fd);
    backend->lock_fd = -1;
    /* The database's URL may hold a password. */
    struct ag_str url = backend->database_url;
    if (url.len > 0) explicit_bzero((char *)(uintptr_t)url.data, url.len);
    backend->database_url = (struct ag_str){0};
    ag_arena_done(&backend->arena);
}

enum ag_err ag_backend_mailer(const struct ag_backend *backend,
                              struct ag_mailer_options *ret_options)
{
    const struct ag_options *o = backend->options;
    struct ag_mailer_options options = {
        .smtp = {.url = o->smtp_url, .egress = backend->core.egress}, .from = o->mail_from};
    if (o->smtp_url.len == 0)
        return ag_fail(AG_E_CONFIG, "no mail server is set: AGENTGEN_SMTP_URL names one");
    AG_TRY(ag_starttls_parse(o->smtp_starttls, &options.smtp.starttls));
    *ret_options = options;
    return AG_OK;
}

enum ag_err ag_backend_attach(struct ag_backend *backend)
{
    AG_TRY(ag_db_attach(backend->core.db));
    enum ag_err err = ag_core_attach(&backend->core);
    if (err == AG_OK) {
        err = ag_limiter_attach(backend->core.limiter);
        if (err != AG_OK) ag_core_detach(&backend->core);
    }
    if (err != AG_OK) ag_db_detach(backend->core.db);
    return err;
}

void ag_backend_detach(struct ag_backend *backend)
{
    ag_limiter_detach(backend->core.limiter);
    ag_core_detach(&backend->core);
    ag_db_detach(backend->core.db);
}
