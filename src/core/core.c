#include "core/accounts.h"
#include "core/internal.h"
#include "core/oauth_client.h"
#include "core/orgs.h"
#include "core/warrant.h"
#include "runtime/fiber.h"
#include "runtime/loop.h"
#include "store/limits.h"

#define DAY_MS INT64_C(86400000)

enum {
    IDEMPOTENCY_KEPT_MS = 24 * 60 * 60 * 1000,
    EMAIL_TOKENS_KEPT_MS = 7 * 24 * 60 * 60 * 1000, /* so that an old link says that it is one */
};

void ag_core_init(struct ag_core *core, const struct ag_core_options *options)
{
    struct ag_str *site = &core->options.public_url;
    core->options = *options;
    if (site->len > 0 && site->data[site->len - 1] == '/') site->len--;
    core->boot_id = ag_uuid_new();
    ag_live_runs_init(&core->live);
    for (size_t i = 0; i < AG_MAX_PROVIDERS && ag_providers[i]; i++) {
        struct ag_llm_endpoint *endpoint = &core->endpoints[i];
        *endpoint = (struct ag_llm_endpoint){.trust = AG_EGRESS_OPERATOR};
        struct ag_str name = ag_str(ag_providers[i]->name);
        if (ag_str_eq(name, AG_STR("openai"))) {
            endpoint->base_url = options->openai_base_url;
            endpoint->api_key = options->openai_key;
            /* A server of one's own often needs no key: pointing at it is enough. */
            core->usable[i] = options->openai_key.len > 0 ||
                              !ag_str_eq(options->openai_base_url,
                                         AG_STR("https://api.openai.com/v1"));
        } else if (ag_str_eq(name, AG_STR("anthropic"))) {
            endpoint->base_url = options->anthropic_base_url;
            endpoint->api_key = options->anthropic_key;
            core->usable[i] = options->anthropic_key.len > 0;
        } else {
            core->usable[i] = ag_providers[i]->offline;
        }
        struct ag_str *url = &endpoint->base_url;
        while (url->len > 0 && url->data[url->len - 1] == '/')
            url->len--;
    }
}

void ag_core_done(struct ag_core *core)
{
    ag_live_runs_done(&core->live);
}

struct ag_core_loop *ag_core_loop(struct ag_core *core)
{
    return &core->loops[ag_loop_index(ag_loop_self())];
}

enum ag_err ag_core_attach(struct ag_core *core)
{
    AG_ASSERT(ag_loop_index(ag_loop_self()) < AG_MAX_LOOPS);
    struct ag_core_loop *part = ag_core_loop(core);
    enum ag_err err = ag_access_cache_new(&part->access);
    if (err == AG_OK) err = ag_agent_cache_new(&part->agents);
    if (err == AG_OK) err = ag_model_cache_new(&part->models);
    if (err == AG_OK) err = ag_oauth_cache_new(&part->oauth);
    if (err == AG_OK) err = ag_policy_new(&part->policy);
    if (err == AG_OK) err = ag_http_client_new(core->egress, &part->http);
    if (err != AG_OK) ag_core_detach(core);
    return err;
}

void ag_core_detach(struct ag_core *core)
{
    struct ag_core_loop *part = ag_core_loop(core);
    ag_warrants_end(core);
    ag_http_client_free(AG_TAKE(part->http));
    ag_oauth_cache_free(AG_TAKE(part->oauth));
    ag_policy_free(AG_TAKE(part->policy));
    ag_model_cache_free(AG_TAKE(part->models));
    ag_agent_cache_free(AG_TAKE(part->agents));
    ag_access_cache_free(AG_TAKE(part->access));
}

void ag_access_changed(struct ag_core *core)
{
    atomic_fetch_add_explicit(&core->access_epoch, 1, memory_order_acq_rel);
}

void ag_agents_changed(struct ag_core *core)
{
    atomic_fetch_add_explicit(&core->agents_epoch, 1, memory_order_acq_rel);
}

struct interrupt_args {
    struct ag_uuid boot_id;
    int64_t created_before;
    int64_t count;
};

static enum ag_err interrupt_tx(struct ag_tx *tx, void *arg)
{
    struct interrupt_args *args = arg;
    return ag_runs_interrupt(tx, args->boot_id, args->created_before, &args->count);
}

int64_t ag_run_grace_ms(const struct ag_core *core)
{
    /* SQLite has one process at a time, so what is unfinished now was left by an earlier one. On
     * PostgreSQL another instance may be at work on it: only what is past every limit is dead. */
    return ag_db_is_postgres(core->db) ? core->options.limits.total_timeout_ms + 60000 : 0;
}

enum ag_err ag_core_recover(struct ag_core *core)
{
    int64_t grace = ag_run_grace_ms(core);
    struct interrupt_args args = {.boot_id = core->boot_id, .created_before = ag_wall_ms() - grace};
    struct ag_arena arena;
    ag_arena_init(&arena);
    enum ag_err err = ag_db_write(core->db, &arena, interrupt_tx, &args);
    ag_arena_done(&arena);
    return err;
}

static enum ag_err expire_tx(struct ag_tx *tx, void *arg)
{
    (void)arg;
    int64_t now = ag_wall_ms();
    AG_TRY(ag_idempotency_expire(tx, now - IDEMPOTENCY_KEPT_MS));
    AG_TRY(ag_sessions_expire(tx, now));
    AG_TRY(ag_blocks_expire(tx, now));
    AG_TRY(ag_invitations_expire(tx, now - DAY_MS * AG_INVITATION_KEPT_DAYS, now));
    AG_TRY(ag_email_tokens_expire(tx, now - EMAIL_TOKENS_KEPT_MS));
    return ag_purge_deleted(tx);
}

static enum ag_err expire_states_tx(struct ag_tx *tx, void *arg)
{
    return ag_oauth_states_expire(tx, ag_wall_ms(), arg);
}

static enum ag_err housekeep_step(struct ag_core *core,
                                  enum ag_err (*step)(struct ag_tx *tx, void *arg), void *arg)
{
    struct ag_arena arena;
    ag_arena_init(&arena);
    enum ag_err err = ag_db_write(core->db, &arena, step, arg);
    ag_arena_done(&arena);
    return err;
}

/* Anybody may begin visits, and faster than one step now and then takes them away. */
static enum ag_err expire_states(struct ag_core *core)
{
    int64_t count = AG_OAUTH_STATES_STEP;
    while (count == AG_OAUTH_STATES_STEP) {
        AG_TRY(housekeep_step(core, expire_states_tx, &count));
        AG_TRY(ag_fiber_sleep(1));
    }
    return AG_OK;
}

enum ag_err ag_core_housekeep(struct ag_core *core)
{
    enum ag_err err = housekeep_step(core, expire_tx, NULL);
    if (err == AG_OK) err = expire_states(core);
    if (err == AG_OK) err = ag_purge_orgs(core);
    return err == AG_OK && ag_db_is_postgres(core->db) ? ag_core_recover(core) : err;
}

struct ag_str ag_detail_text(struct ag_str value)
{
    return ag_str_sub(value, 0, ag_utf8_floor(value, AG_DETAIL_TEXT_BYTES));
}

struct ag_str ag_details(struct ag_arena *arena, const char *name, struct ag_str value)
{
    struct ag_buf buf;
    ag_buf_init(&buf, arena, 4096);
    ag_buf_append_char(&buf, '{');
    ag_buf_json_string(&buf, ag_str(name));
    ag_buf_append_char(&buf, ':');
    ag_buf_json_string(&buf, ag_detail_text(value));
    ag_buf_append_char(&buf, '}');
    return ag_buf_err(&buf) == AG_OK ? ag_buf_str(&buf) : AG_STR("{}");
}

struct ag_uuid ag_scope_new_id(const struct ag_scope *scope)
{
    return ag_uuid_is_nil(scope->reserved_id) ? ag_uuid_new() : scope->reserved_id;
}

enum ag_err ag_check_version(int64_t if_version, int64_t version)
{
    if (if_version != AG_ANY_VERSION && if_version != version)
        return ag_fail(AG_E_STALE,
                       "it is at version %lld now; read it again and repeat your change",
                       (long long)version);
    return AG_OK;
}
