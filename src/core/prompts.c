#include "core/internal.h"

struct change {
    struct ag_scope *scope;
    struct ag_prompt prompt;
    int64_t if_version; /* 0: any */
};

static enum ag_err note(struct ag_tx *tx, const struct change *change, const char *action)
{
    const struct ag_principal *who = &change->scope->who;
    char text[AG_UUID_TEXT_BYTES];
    return ag_activity_insert(
        tx, who->org_id, who->user_id, action,
        ag_details(ag_tx_arena(tx), "prompt_id", ag_uuid_format(change->prompt.id, text)));
}

static enum ag_err create_tx(struct ag_tx *tx, void *arg)
{
    struct change *change = arg;
    AG_TRY(ag_prompts_insert(tx, change->scope->who.org_id, &change->prompt));
    return note(tx, change, "prompt.created");
}

static enum ag_err take_input(struct ag_scope *scope, const struct ag_prompt_input *input,
                              struct ag_prompt *prompt)
{
    struct ag_buf buf;
    ag_buf_init(&buf, scope->arena, 64 * 1024);
    AG_TRY(ag_fields_encode(&ag_prompt_metadata_schema, &input->metadata, &buf));
    prompt->prompt_text = input->prompt_text;
    prompt->metadata = ag_buf_str(&buf);
    return AG_OK;
}

enum ag_err ag_prompt_create(struct ag_scope *scope, const struct ag_prompt_input *input,
                             struct ag_prompt *ret_prompt)
{
    int64_t now = ag_wall_ms();
    struct change change = {
        .scope = scope,
        .prompt = {.id = ag_scope_new_id(scope),
                   .user_id = scope->who.user_id,
                   .version = 1,
                   .created_at = now,
                   .updated_at = now},
    };
    AG_TRY(take_input(scope, input, &change.prompt));
    enum ag_err err = ag_db_write(scope->core->db, scope->arena, create_tx, &change);
    /* The id was reserved by a request whose process died after this commit. */
    if (err == AG_E_EXISTS && !ag_uuid_is_nil(scope->reserved_id))
        return ag_prompts_get(scope->core->db, scope->arena, scope->who.org_id, change.prompt.id,
                              ret_prompt);
    AG_TRY(err);
    *ret_prompt = change.prompt;
    return AG_OK;
}

static enum ag_err replace_tx(struct ag_tx *tx, void *arg)
{
    struct change *change = arg;
    struct ag_uuid org = change->scope->who.org_id;
    struct ag_prompt before;
    AG_TRY(ag_prompts_lock(tx, org, change->prompt.id, &before));
    AG_TRY(ag_check_version(change->if_version, before.version));
    change->prompt.user_id = before.user_id;
    change->prompt.created_at = before.created_at;
    change->prompt.version = before.version + 1;
    change->prompt.updated_at = AG_MAX(ag_wall_ms(), before.updated_at);
    AG_TRY(ag_prompts_update(tx, org, &change->prompt));
    return note(tx, change, "prompt.updated");
}

enum ag_err ag_prompt_replace(struct ag_scope *scope, struct ag_uuid id, int64_t if_version,
                              const struct ag_prompt_input *input, struct ag_prompt *ret_prompt)
{
    struct change change = {.scope = scope, .prompt = {.id = id}, .if_version = if_version};
    AG_TRY(take_input(scope, input, &change.prompt));
    AG_TRY(ag_db_write(scope->core->db, scope->arena, replace_tx, &change));
    *ret_prompt = change.prompt;
    return AG_OK;
}

static enum ag_err delete_tx(struct ag_tx *tx, void *arg)
{
    struct change *change = arg;
    struct ag_uuid org = change->scope->who.org_id;
    struct ag_prompt before;
    AG_TRY(ag_prompts_lock(tx, org, change->prompt.id, &before));
    AG_TRY(ag_check_version(change->if_version, before.version));
    AG_TRY(ag_prompts_delete(tx, org, before.id, before.version));
    return note(tx, change, "prompt.deleted");
}

enum ag_err ag_prompt_delete(struct ag_scope *scope, struct ag_uuid id, int64_t if_version)
{
    struct change change = {.scope = scope, .prompt = {.id = id}, .if_version = if_version};
    return ag_db_write(scope->core->db, scope->arena, delete_tx, &change);
}
