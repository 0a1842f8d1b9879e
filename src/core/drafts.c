#include "core/internal.h"

#define UNTITLED AG_STR("Untitled agent")

/* ---- the working copy ---- */

static enum ag_err encode(const struct ag_agent_draft *draft, struct ag_arena *arena,
                          struct ag_str *ret_json)
{
    struct ag_buf buf;
    ag_buf_init(&buf, arena, AG_AGENT_DRAFT_MAX_BYTES);
    enum ag_err err = ag_fields_encode(&ag_agent_draft_schema, draft, &buf);
    if (err == AG_E_TOO_LARGE)
        return ag_fail(err, "a draft has at most %d bytes", AG_AGENT_DRAFT_MAX_BYTES);
    AG_TRY(err);
    *ret_json = ag_buf_str(&buf);
    return AG_OK;
}

/* It was checked when it was stored. */
static enum ag_err decode(const struct ag_schema *schema, struct ag_str json,
                          struct ag_arena *arena, struct ag_field_errors *errors, void *doc)
{
    enum ag_err err = ag_fields_decode(schema, json, doc, arena, errors);
    return err == AG_E_BAD_JSON ? ag_fail_more(AG_E_INTERNAL, "a stored draft does not decode")
                                : err;
}

/* What a list shows of an agent that is nothing but a working copy. */
static void show(const struct ag_agent_draft *draft, struct ag_agent *agent)
{
    struct ag_str name = ag_str_trim(draft->name);
    agent->name = name.len > 0 ? name : UNTITLED;
    ag_agent_describe(agent, ag_str_trim(draft->description));
}

static enum ag_err put(struct ag_agent *agent, const struct ag_agent_draft *draft,
                       struct ag_arena *arena)
{
    AG_TRY(encode(draft, arena, &agent->draft));
    AG_SET(agent, AG_AGENT_DRAFT);
    AG_SET(agent, AG_AGENT_DRAFT_UPDATED_AT);
    agent->has_draft = true;
    agent->draft_revision++;
    agent->draft_updated_at = ag_wall_ms();
    if (agent->version > 0) return AG_OK;
    show(draft, agent);
    agent->updated_at = AG_MAX(agent->updated_at, agent->draft_updated_at);
    return AG_OK;
}

enum ag_err ag_draft_change(struct ag_agent *agent, const struct ag_agent_draft *change,
                            struct ag_arena *arena)
{
    struct ag_agent_draft draft = {0};
    struct ag_field_errors errors = {0};
    if (agent->has_draft)
        AG_TRY(decode(&ag_agent_draft_schema, agent->draft, arena, &errors, &draft));
    for (size_t i = 0; i < ag_agent_draft_schema.count; i++) {
        if (!ag_doc_has(change, i)) continue;
        size_t offset = ag_agent_draft_schema.fields[i].offset;
        memcpy((char *)&draft + offset, (const char *)change + offset, sizeof(struct ag_str));
        AG_SET(&draft, i);
    }
    return put(agent, &draft, arena);
}

static void end_draft(struct ag_agent *agent)
{
    agent->set &= ~(UINT64_C(1) << AG_AGENT_DRAFT | UINT64_C(1) << AG_AGENT_DRAFT_UPDATED_AT);
    agent->draft = (struct ag_str){0};
    agent->has_draft = false;
    agent->draft_revision++; /* who still holds the one that ended cannot bring it back unasked */
}

/* ---- saving: often, so one statement and no entry in the activity log ---- */

struct saving {
    const struct ag_scope *scope;
    struct ag_uuid id;
    int64_t if_revision;
    struct ag_agent draft; /* as put() would leave an agent that has nothing else */
    struct ag_agent saved;
};

static enum ag_err save_tx(struct ag_tx *tx, void *arg)
{
    struct saving *saving = arg;
    const struct ag_scope *scope = saving->scope;
    return ag_agents_save_draft(tx, scope->who.org_id, ag_viewer(scope), saving->id,
                                saving->if_revision, &saving->draft, &saving->saved);
}

enum ag_err ag_agent_save_draft(struct ag_scope *scope, struct ag_uuid id, int64_t if_revision,
                                const struct ag_agent_draft *draft, struct ag_agent *ret_agent)
{
    /* No revision is ever AG_NO_VERSION, and the store knows "any" by its sign alone. */
    if (if_revision == AG_NO_VERSION) if_revision = INT64_MAX;
    struct saving saving = {.scope = scope, .id = id, .if_revision = if_revision};
    AG_TRY(put(&saving.draft, draft, scope->arena));
    AG_TRY(ag_db_write(scope->core->db, scope->arena, save_tx, &saving));
    *ret_agent = saving.saved;
    return AG_OK;
}

/* ---- discarding ---- */

static enum ag_err discard_tx(struct ag_tx *tx, void *arg)
{
    struct saving *saving = arg;
    const struct ag_scope *scope = saving->scope;
    struct ag_agent agent;
    AG_TRY(ag_agents_lock(tx, scope->who.org_id, ag_viewer(scope), saving->id, &agent));
    AG_TRY(ag_check_version(saving->if_revision, agent.draft_revision));
    if (agent.version == 0)
        return ag_kind_delete_tx(tx, scope, &ag_agent_kind, agent.id, AG_ANY_VERSION);
    if (!agent.has_draft) return AG_OK;
    end_draft(&agent);
    AG_TRY(ag_agents_update(tx, scope->who.org_id, &agent));
    return ag_note(tx, scope, &ag_agent_kind, "draft_discarded", agent.id);
}

enum ag_err ag_agent_discard_draft(struct ag_scope *scope, struct ag_uuid id, int64_t if_revision)
{
    struct saving saving = {.scope = scope, .id = id, .if_revision = if_revision};
    return ag_db_write(scope->core->db, scope->arena, discard_tx, &saving);
}

/* ---- publishing ---- */

/* A working copy as it must be to run; the names are those of struct ag_agent_draft. */
struct ready {
    uint64_t set;
    struct ag_str name, description, step, template_id, sentence;
    struct ag_agent_config config;
};
enum { READY_NAME, READY_DESCRIPTION, READY_CONFIG = 5 };

static const struct ag_field ready_fields[] = {
    AG_FIELD(struct ready, name, AG_F_STRING, 0, .min = 1, .max = AG_AGENT_NAME_MAX),
    AG_FIELD(struct ready, description, AG_F_STRING, 0, .max = 2000),
    AG_FIELD(struct ready, step, AG_F_STRING, 0),
    AG_FIELD(struct ready, template_id, AG_F_STRING, 0),
    AG_FIELD(struct ready, sentence, AG_F_STRING, 0),
    AG_FIELD(struct ready, config, AG_F_OBJECT, 0, .sub = &ag_agent_config_schema),
};
static AG_SCHEMA(ready_schema, NULL, struct ready, NULL, ready_fields);

/* Whether a mistake was found at `field`, or at something within it when it ends in a dot. */
static bool mistaken(const struct ag_field_errors *errors, struct ag_str field)
{
    bool within = ag_str_ends_with(field, AG_STR("."));
    for (size_t i = 0; i < errors->count; i++) {
        struct ag_str at = errors->items[i].field;
        if (within ? ag_str_starts_with(at, field) : ag_str_eq(at, field)) return true;
    }
    return false;
}

static void check_name(struct ag_scope *scope, const struct ready *ready)
{
    if (ag_doc_has(ready, READY_NAME) || mistaken(scope->errors, AG_STR("name"))) return;
    ag_field_error(scope->errors, scope->arena, "name", "required", "is required");
}

/* Without any of the three the model would be told nothing. */
static void check_says_something(struct ag_scope *scope, const struct ag_agent_config *config)
{
    if (config->instructions.len > 0 || config->persona.len > 0) return;
    if (ag_doc_has(config, AG_CONFIG_PROMPT_ID)) return;
    if (mistaken(scope->errors, AG_STR("config.instructions"))) return;
    ag_field_error(scope->errors, scope->arena, "config.instructions", "required",
                   "is required without a persona or a saved prompt");
}

/* Everything that is missing or wrong, at once. */
static enum ag_err check(struct ag_scope *scope, const struct ag_agent *agent, struct ready *ready)
{
    enum ag_err err = decode(&ready_schema, agent->draft, scope->arena, scope->errors, ready);
    if (err != AG_OK && err != AG_E_INVALID) return err;
    bool first = agent->version == 0;
    bool has_config = ag_doc_has(ready, READY_CONFIG) || mistaken(scope->errors, AG_STR("config."));
    if (first) check_name(scope, ready);
    if (first || has_config) {
        check_says_something(scope, &ready->config);
        err = ag_agent_config_check(scope, &ready->config, agent->id);
        if (err != AG_OK && err != AG_E_INVALID) return err;
    }
    return scope->errors->count > 0 ? ag_fail(AG_E_INVALID, "the draft is not complete") : AG_OK;
}

static enum ag_err apply_publish(struct ag_agent_change *change, struct ag_arena *arena)
{
    (void)arena;
    const struct ag_agent_input *input = change->input;
    struct ag_agent *agent = &change->agent;
    AG_TRY(ag_check_version(change->if_revision, agent->draft_revision));
    if (ag_doc_has(input, AG_AGENT_INPUT_NAME)) agent->name = input->name;
    if (ag_doc_has(input, AG_AGENT_INPUT_DESCRIPTION)) ag_agent_describe(agent, input->description);
    if (change->config.len > 0) agent->config = change->config;
    end_draft(agent);
    ag_agent_put_live(agent);
    return AG_OK;
}

enum ag_err ag_agent_publish(struct ag_scope *scope, struct ag_uuid id, int64_t if_revision,
                             struct ag_agent *ret_agent)
{
    struct ag_agent agent;
    AG_TRY(ag_agents_get(scope->core->db, scope->arena, scope->who.org_id, ag_viewer(scope), id,
                         &agent));
    AG_TRY(ag_check_version(if_revision, agent.draft_revision));
    if (!agent.has_draft)
        return ag_fail(AG_E_CONFLICT, "there is no draft: what there is, is published");
    struct ready ready = {0};
    AG_TRY(check(scope, &agent, &ready));

    struct ag_agent_input input = {.name = ready.name, .description = ready.description};
    if (ag_doc_has(&ready, READY_NAME)) AG_SET(&input, AG_AGENT_INPUT_NAME);
    if (ag_doc_has(&ready, READY_DESCRIPTION)) AG_SET(&input, AG_AGENT_INPUT_DESCRIPTION);
    struct ag_agent_change change = {
        .scope = scope,
        .id = id,
        .if_version = AG_ANY_VERSION,
        .if_revision = agent.draft_revision, /* exactly what was checked */
        .apply = apply_publish,
        .did = "published",
        .input = &input,
    };
    if (ag_doc_has(&ready, READY_CONFIG))
        AG_TRY(ag_agent_config_encode(&ready.config, scope->arena, &change.config));
    AG_TRY(ag_agent_change(&change));
    *ret_agent = change.agent;
    return AG_OK;
}
