#include "core/internal.h"

const struct ag_kind ag_prompt_kind = {
    .entity = &ag_prompt_entity,
    .name = "prompt",
    .for_others = AG_PERM_PUBLIC, /* the route's own permission is enough */
};

struct change {
    struct ag_scope *scope;
    struct ag_prompt prompt;
    int64_t if_version;
};

static enum ag_err create_tx(struct ag_tx *tx, void *arg)
{
    struct change *change = arg;
    AG_TRY(ag_prompts_insert(tx, change->scope->who.org_id, &change->prompt));
    return ag_note(tx, change->scope, &ag_prompt_kind, "created", change->prompt.id);
}

static enum ag_err take_input(struct ag_scope *scope, const struct ag_prompt_input *input,
                              struct ag_prompt *prompt)
{
    struct ag_buf buf;
    ag_buf_init(&buf, scope->arena, 64 * 1024);
    AG_TRY(ag_fields_encode(&ag_prompt_metadata_schema, &input->metadata, &buf));
    prompt->prompt_text = input->prompt_text;
    prompt->metadata = ag_buf_str(&buf);
    if (input->name.len == 0) return AG_OK;
    prompt->name = input->name;
    AG_SET(prompt, AG_PROMPT_NAME);
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
    struct ag_head before;
    AG_TRY(ag_entity_lock(tx, &ag_prompt_entity, org, ag_viewer(change->scope), change->prompt.id,
                          &before));
    if (before.deleted) return ag_fail(AG_E_NOT_FOUND, "there is no such prompt");
    AG_TRY(ag_check_version(change->if_version, before.version));
    change->prompt.user_id = before.user_id;
    change->prompt.created_at = before.created_at;
    change->prompt.version = before.version + 1;
    change->prompt.updated_at = AG_MAX(ag_wall_ms(), before.updated_at);
    AG_TRY(ag_prompts_update(tx, org, &change->prompt));
    return ag_note(tx, change->scope, &ag_prompt_kind, "updated", change->prompt.id);
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

enum ag_err ag_prompt_delete(struct ag_scope *scope, struct ag_uuid id, int64_t if_version)
{
    return ag_kind_delete(scope, &ag_prompt_kind, id, if_version);
}

enum ag_err ag_prompt_restore(struct ag_scope *scope, struct ag_uuid id,
                              struct ag_prompt *ret_prompt)
{
    AG_TRY(ag_kind_restore(scope, &ag_prompt_kind, id));
    return ag_prompts_get(scope->core->db, scope->arena, scope->who.org_id, id, ret_prompt);
}
