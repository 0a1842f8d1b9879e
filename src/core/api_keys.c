#include "core/internal.h"

struct key_create {
    struct ag_scope *scope;
    struct ag_api_key *key;
    struct ag_str hash;
};

static enum ag_err key_create_tx(struct ag_tx *tx, void *arg)
{
    struct key_create *args = arg;
    const struct ag_principal *who = &args->scope->who;
    AG_TRY(ag_api_keys_insert(tx, who->org_id, who->user_id, args->key, args->hash));
    return ag_audit(tx, args->scope, "api_key.created",
                    ag_details(ag_tx_arena(tx), "prefix", args->key->prefix));
}

/* A key can hand on no more than it holds itself. */
static enum ag_err check_scopes(struct ag_scope *scope, const struct ag_list *scopes)
{
    const struct ag_str *names = scopes->items;
    for (size_t i = 0; i < scopes->count; i++) {
        enum ag_permission permission = ag_permission_find(names[i]);
        struct ag_str field = ag_arena_printf(scope->arena, "scopes[%zu]", i);
        if (!field.data) return ag_fail(AG_E_NO_MEMORY, "no memory for scopes");
        if (permission == AG_PERM_UNSET || permission == AG_PERM_PUBLIC)
            ag_field_error(scope->errors, scope->arena, field.data, "choice",
                           "is not a permission; see docs/permissions.md");
        else if (!ag_principal_may(&scope->who, permission))
            ag_field_error(scope->errors, scope->arena, field.data, "forbidden",
                           "is a permission that you do not have");
    }
    if (scopes->count == 0 && scope->who.credential == AG_CRED_KEY)
        ag_field_error(scope->errors, scope->arena, "scopes", "required",
                       "must be listed when the key is made with another key");
    return scope->errors->count > 0 ? ag_fail(AG_E_INVALID, "the scopes are not valid") : AG_OK;
}

enum ag_err ag_api_key_create(struct ag_scope *scope, const struct ag_api_key_input *input,
                              struct ag_api_key *ret_key)
{
    AG_TRY(check_scopes(scope, &input->scopes));
    struct ag_api_key key = {
        .id = ag_scope_new_id(scope),
        .name = ag_str_trim(input->name),
        .scopes = input->scopes,
        .created_at = ag_wall_ms(),
    };
    if (ag_doc_has(input, AG_API_KEY_INPUT_EXPIRES)) {
        if (input->expires_at <= key.created_at) {
            ag_field_error(scope->errors, scope->arena, "expires_at", "range",
                           "must be in the future");
            return ag_fail(AG_E_INVALID, "the expiry has passed");
        }
        key.expires_at = input->expires_at;
        AG_SET(&key, AG_API_KEY_EXPIRES);
    }
    uint8_t hash[AG_SECRET_HASH_BYTES];
    AG_TRY(ag_secret_new("agk_", scope->arena, &key.key, hash));
    AG_SET(&key, AG_API_KEY_KEY);
    key.prefix = ag_str_sub(key.key, 0, AG_KEY_PREFIX_BYTES);

    struct key_create args = {scope, &key, ag_str_n((const char *)hash, sizeof(hash))};
    AG_TRY(ag_db_write(scope->core->db, scope->arena, key_create_tx, &args));
    *ret_key = key;
    return AG_OK;
}

struct key_revoke {
    struct ag_scope *scope;
    struct ag_uuid id;
};

static enum ag_err key_revoke_tx(struct ag_tx *tx, void *arg)
{
    struct key_revoke *args = arg;
    const struct ag_principal *who = &args->scope->who;
    char text[AG_UUID_TEXT_BYTES];
    AG_TRY(ag_api_keys_revoke(tx, who->org_id, who->user_id, args->id, ag_wall_ms()));
    return ag_audit(tx, args->scope, "api_key.revoked",
                    ag_details(ag_tx_arena(tx), "id", ag_uuid_format(args->id, text)));
}

enum ag_err ag_api_key_revoke(struct ag_scope *scope, struct ag_uuid id)
{
    struct key_revoke args = {scope, id};
    AG_TRY(ag_db_write(scope->core->db, scope->arena, key_revoke_tx, &args));
    ag_access_changed(scope->core);
    return AG_OK;
}
