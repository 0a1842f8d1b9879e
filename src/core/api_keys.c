#include "core/internal.h"
#include "core/orgs.h"

/* Which keys of the organisation the principal sees and ends. */
static struct ag_api_key_filter reach_of(const struct ag_principal *who)
{
    return (struct ag_api_key_filter){
        .everybody = ag_principal_may(who, AG_PERM_KEYS_MANAGE),
        .owner = ag_principal_viewer(who),
    };
}

/* One at a time makes, changes or revokes keys of an organisation, or changes who its members are:
 * what is counted, and who may what, holds until the end of the transaction. */
static enum ag_err lock_org(struct ag_tx *tx, const struct ag_scope *scope)
{
    bool personal;
    return ag_org_lock(tx, scope->who.org_id, &personal);
}

static uint64_t mask_of(const struct ag_list *scopes)
{
    const struct ag_str *names = scopes->items;
    uint64_t mask = 0;
    for (size_t i = 0; i < scopes->count; i++)
        mask |= ag_permission_bit(ag_permission_find(names[i]));
    return mask & ~ag_permission_bit(AG_PERM_UNSET);
}

/* A key of the organisation goes on when its maker loses rights, so they are read again, under the
 * lock: nobody makes one with what was just taken from them. */
static enum ag_err check_shared(struct ag_tx *tx, const struct ag_scope *scope,
                                const struct ag_list *scopes)
{
    uint64_t held;
    AG_TRY(ag_org_actor(tx, scope, AG_PERM_KEYS_MANAGE, &held));
    if ((mask_of(scopes) & ~held) == 0) return AG_OK;
    return ag_fail(AG_E_FORBIDDEN, "this key may do what you may not; it can be revoked");
}

/* What the key is good for, and until when. */
static void put_rights(struct ag_buf *details, const struct ag_api_key *key)
{
    const struct ag_str *scopes = key->scopes.items;
    const struct ag_uuid *agents = key->agent_ids.items;
    char text[AG_UUID_TEXT_BYTES], time[AG_TIME_TEXT_BYTES];
    ag_buf_append_lit(details, ",\"scopes\":[");
    for (size_t i = 0; i < key->scopes.count; i++) {
        if (i > 0) ag_buf_append_char(details, ',');
        ag_buf_json_string(details, scopes[i]);
    }
    ag_buf_append_lit(details, "],\"agent_ids\":[");
    for (size_t i = 0; i < key->agent_ids.count; i++)
        ag_buf_printf(details, "%s\"%s\"", i > 0 ? "," : "", ag_uuid_format(agents[i], text).data);
    ag_buf_append_lit(details, "],\"expires_at\":");
    if (ag_doc_has(key, AG_API_KEY_EXPIRES))
        ag_buf_json_string(details, ag_time_format(key->expires_at, time));
    else
        ag_buf_append_lit(details, "null");
}

/* `changed` is NULL unless a key was changed; `rights`: what it may is told, too. */
static enum ag_err note(struct ag_tx *tx, const struct ag_scope *scope, const char *action,
                        const struct ag_api_key *key, bool rights, const char *changed)
{
    struct ag_buf details;
    char text[AG_UUID_TEXT_BYTES];
    ag_buf_init(&details, ag_tx_arena(tx), 4096);
    ag_buf_printf(&details,
                  "{\"api_key_id\":\"%s\",\"prefix\":", ag_uuid_format(key->id, text).data);
    ag_buf_json_string(&details, key->prefix);
    ag_buf_printf(&details, ",\"shared\":%s,\"user_id\":\"%s\"", key->shared ? "true" : "false",
                  ag_uuid_format(key->user_id, text).data);
    if (rights) put_rights(&details, key);
    if (changed) ag_buf_printf(&details, ",\"changed\":\"%s\"", changed);
    AG_TRY(ag_buf_append_char(&details, '}'));
    return ag_audit(tx, scope, action, ag_buf_str(&details));
}

/* ---- the agents a key is limited to ---- */

/* Which of them the organisation does not have, or the key would not meet: a bit each. */
static enum ag_err find_strangers(struct ag_tx *tx, const struct ag_scope *scope, bool shared,
                                  const struct ag_list *agent_ids, uint64_t *ret_strangers)
{
    const struct ag_uuid nobody = {{0}};
    struct ag_uuid viewer = shared ? nobody : ag_principal_viewer(&scope->who);
    bool known[AG_KEY_MAX_AGENTS];
    *ret_strangers = 0;
    if (agent_ids->count == 0) return AG_OK;
    AG_TRY(
        ag_agents_known(tx, scope->who.org_id, viewer, agent_ids->items, agent_ids->count, known));
    for (size_t i = 0; i < agent_ids->count; i++)
        if (!known[i]) *ret_strangers |= UINT64_C(1) << i;
    return *ret_strangers ? ag_fail(AG_E_INVALID, "the agents are not valid") : AG_OK;
}

static enum ag_err agent_mistake(struct ag_scope *scope, size_t index, const char *code,
                                 const char *message)
{
    struct ag_str field = ag_arena_printf(scope->arena, "agent_ids[%zu]", index);
    if (!field.data) return ag_fail(AG_E_NO_MEMORY, "no memory for a message");
    ag_field_error(scope->errors, scope->arena, field.data, code, "%s", message);
    return AG_OK;
}

static enum ag_err tell_strangers(struct ag_scope *scope, uint64_t strangers)
{
    for (size_t i = 0; i < AG_KEY_MAX_AGENTS; i++)
        if (strangers >> i & 1)
            AG_TRY(agent_mistake(scope, i, "not_found", "is not an agent that this key can use"));
    return AG_OK;
}

static enum ag_err check_twins(struct ag_scope *scope, const struct ag_list *agent_ids)
{
    const struct ag_uuid *ids = agent_ids->items;
    for (size_t i = 1; i < agent_ids->count; i++)
        for (size_t j = 0; j < i; j++)
            if (ag_uuid_eq(ids[i], ids[j])) {
                AG_TRY(agent_mistake(scope, i, "duplicate", "stands in the list twice"));
                break;
            }
    return AG_OK;
}

/* ---- new ones ---- */

struct creation {
    struct ag_scope *scope;
    struct ag_api_key *key;
    struct ag_str hash;
    uint64_t strangers; /* which of its agents cannot be */
};

static enum ag_err check_room(struct ag_tx *tx, struct ag_uuid org, const struct ag_api_key *key)
{
    int64_t count, most = key->shared ? AG_KEYS_SHARED : AG_KEYS_PER_PERSON;
    const struct ag_uuid nobody = {{0}};
    AG_TRY(ag_api_keys_count(tx, org, key->shared ? nobody : key->user_id, &count));
    if (count < most) return AG_OK;
    return ag_fail(AG_E_CONFLICT,
                   key->shared ? "the organisation has %lld API keys of its own, and there may be "
                                 "no more; revoke one first"
                               : "you have %lld API keys in this organisation, and there may be "
                                 "no more; revoke one first",
                   (long long)count);
}

static enum ag_err create_tx(struct ag_tx *tx, void *arg)
{
    struct creation *creation = arg;
    const struct ag_scope *scope = creation->scope;
    struct ag_uuid org = scope->who.org_id, parent = scope->who.key_id;
    uint64_t held;
    bool lives = true;
    AG_TRY(ag_self_lock(tx, scope));
    AG_TRY(lock_org(tx, scope));
    if (!ag_uuid_is_nil(parent)) AG_TRY(ag_api_keys_lives(tx, org, parent, &lives));
    if (!lives) return ag_fail(AG_E_UNAUTHENTICATED, "these credentials were revoked");
    AG_TRY(creation->key->shared ? check_shared(tx, scope, &creation->key->scopes)
                                 : ag_org_actor(tx, scope, AG_PERM_KEYS_WRITE, &held));
    AG_TRY(check_room(tx, org, creation->key));
    AG_TRY(find_strangers(tx, scope, creation->key->shared, &creation->key->agent_ids,
                          &creation->strangers));
    AG_TRY(ag_api_keys_insert(tx, org, creation->key, parent, creation->hash));
    return note(tx, scope, "api_key.created", creation->key, true, NULL);
}

static enum ag_err check_maker(const struct ag_principal *who, bool shared)
{
    if (shared && !ag_principal_may(who, AG_PERM_KEYS_MANAGE))
        return ag_fail(AG_E_FORBIDDEN, "a key of the organisation needs the permission %s",
                       ag_permission_info(AG_PERM_KEYS_MANAGE)->name);
    if (!shared && who->shared_key)
        return ag_fail(AG_E_FORBIDDEN,
                       "a key of the organisation makes such keys alone: set shared");
    return AG_OK;
}

/* A key can hand on no more than it holds itself. */
static enum ag_err check_scopes(struct ag_scope *scope, const struct ag_api_key_input *input)
{
    const struct ag_str *names = input->scopes.items;
    for (size_t i = 0; i < input->scopes.count; i++) {
        enum ag_permission permission = ag_permission_find(names[i]);
        struct ag_str field = ag_arena_printf(scope->arena, "scopes[%zu]", i);
        if (!field.data) return ag_fail(AG_E_NO_MEMORY, "no memory for scopes");
        if (permission == AG_PERM_UNSET || permission == AG_PERM_PUBLIC)
            ag_field_error(scope->errors, scope->arena, field.data, "choice",
                           "is not a permission; see docs/permissions.md");
        else if (!ag_principal_may(&scope->who, permission))
            ag_field_error(scope->errors, scope->arena, field.data, "forbidden",
                           "is a permission that you do not have");
        else if (input->shared && !(ag_shared_key_permissions() & ag_permission_bit(permission)))
            ag_field_error(scope->errors, scope->arena, field.data, "forbidden",
                           "is for people alone, not for keys of the organisation");
    }
    if (input->scopes.count == 0 && scope->who.credential == AG_CRED_KEY)
        ag_field_error(scope->errors, scope->arena, "scopes", "required",
                       "must be listed when the key is made with another key");
    else if (input->scopes.count == 0 && input->shared)
        ag_field_error(scope->errors, scope->arena, "scopes", "required",
                       "must be listed for a key of the organisation");
    return AG_OK;
}

/* A key that is made with a key ends with it and is no faster. */
static void check_bounds(struct ag_scope *scope, const struct ag_api_key_input *input)
{
    const struct ag_principal *who = &scope->who;
    bool ends = ag_doc_has(input, AG_API_KEY_INPUT_EXPIRES);
    bool slow = ag_doc_has(input, AG_API_KEY_INPUT_RATE);
    if (who->key_expires_at > 0 && (!ends || input->expires_at > who->key_expires_at))
        ag_field_error(scope->errors, scope->arena, "expires_at", "range",
                       "must not be later than the end of the key that makes it");
    if (who->key_per_minute > 0 && (!slow || input->requests_per_minute > who->key_per_minute))
        ag_field_error(scope->errors, scope->arena, "requests_per_minute", "range",
                       "must not be more than %lld, the limit of the key that makes it",
                       (long long)who->key_per_minute);
}

static void check_expiry(struct ag_scope *scope, int64_t expires_at)
{
    if (expires_at <= ag_wall_ms())
        ag_field_error(scope->errors, scope->arena, "expires_at", "range", "must be in the future");
}

static enum ag_err check_input(struct ag_scope *scope, const struct ag_api_key_input *input)
{
    AG_TRY(check_maker(&scope->who, input->shared));
    AG_TRY(check_scopes(scope, input));
    AG_TRY(check_twins(scope, &input->agent_ids));
    check_bounds(scope, input);
    if (ag_doc_has(input, AG_API_KEY_INPUT_EXPIRES)) check_expiry(scope, input->expires_at);
    return scope->errors->count > 0 ? ag_fail(AG_E_INVALID, "the key is not valid") : AG_OK;
}

/* A key that administers the server outlives the session that makes it. */
static enum ag_err check_recent(struct ag_scope *scope, const struct ag_list *scopes)
{
    const struct ag_str *names = scopes->items;
    for (size_t i = 0; i < scopes->count; i++)
        if (ag_role_permissions(AG_ROLE_SERVER) & ag_permission_bit(ag_permission_find(names[i])))
            return ag_require_recent(scope);
    return AG_OK;
}

enum ag_err ag_api_key_create(struct ag_scope *scope, const struct ag_api_key_input *input,
                              struct ag_api_key *ret_key)
{
    struct ag_user maker;
    AG_TRY(check_input(scope, input));
    AG_TRY(check_recent(scope, &input->scopes));
    AG_TRY(ag_users_by_id(scope->core->db, scope->arena, scope->who.user_id, &maker));
    struct ag_api_key key = {
        .id = ag_scope_new_id(scope),
        .name = input->name,
        .scopes = input->scopes,
        .shared = input->shared,
        .requests_per_minute = input->requests_per_minute,
        .agent_ids = input->agent_ids,
        .user_id = maker.id,
        .user_name = maker.name,
        .expires_at = input->expires_at,
        .created_at = ag_wall_ms(),
    };
    if (ag_doc_has(input, AG_API_KEY_INPUT_EXPIRES)) AG_SET(&key, AG_API_KEY_EXPIRES);
    if (ag_doc_has(input, AG_API_KEY_INPUT_RATE)) AG_SET(&key, AG_API_KEY_RATE);
    uint8_t hash[AG_SECRET_HASH_BYTES];
    AG_TRY(ag_secret_new("agk_", scope->arena, &key.key, hash));
    AG_SET(&key, AG_API_KEY_KEY);
    key.prefix = ag_str_sub(key.key, 0, AG_KEY_PREFIX_BYTES);

    struct creation creation = {.scope = scope, .key = &key, .hash = ag_hash_str(hash)};
    enum ag_err err = ag_db_write(scope->core->db, scope->arena, create_tx, &creation);
    if (err == AG_E_INVALID) AG_TRY(tell_strangers(scope, creation.strangers));
    AG_TRY(err);
    *ret_key = key;
    return AG_OK;
}

/* ---- those there are ---- */

enum ag_err ag_api_key_list(struct ag_scope *scope, bool by_shared, bool shared,
                            const struct ag_page *page, struct ag_list *ret_keys)
{
    struct ag_api_key_filter filter = reach_of(&scope->who);
    filter.by_shared = by_shared;
    filter.shared = shared;
    return ag_api_keys_list(scope->core->db, scope->arena, scope->who.org_id, &filter, page,
                            ret_keys);
}

struct change {
    const struct ag_scope *scope;
    struct ag_uuid id;
    const struct ag_api_key_input *input;
    struct ag_api_key key; /* as it was, then as it is */
    uint64_t strangers;
};

static enum ag_err check_changer(const struct ag_principal *who, const struct ag_api_key *key)
{
    if (!key->shared && !ag_uuid_eq(key->user_id, who->user_id))
        return ag_fail(AG_E_FORBIDDEN, "a person's key is changed by that person; it can be "
                                       "revoked");
    return AG_OK;
}

static void apply(const struct ag_api_key_input *input, struct ag_api_key *key)
{
    if (ag_doc_has(input, AG_API_KEY_INPUT_NAME)) key->name = input->name;
    if (ag_doc_has(input, AG_API_KEY_INPUT_AGENTS)) key->agent_ids = input->agent_ids;
    if (ag_doc_has(input, AG_API_KEY_INPUT_EXPIRES)) {
        key->expires_at = input->expires_at;
        key->set &= ~(UINT64_C(1) << AG_API_KEY_EXPIRES);
        if (input->expires_at > 0) AG_SET(key, AG_API_KEY_EXPIRES);
    }
    if (ag_doc_has(input, AG_API_KEY_INPUT_RATE)) {
        key->requests_per_minute = input->requests_per_minute;
        key->set &= ~(UINT64_C(1) << AG_API_KEY_RATE);
        if (input->requests_per_minute > 0) AG_SET(key, AG_API_KEY_RATE);
    }
}

/* "name agent_ids", of what was given. */
static void name_fields(const struct ag_api_key_input *input, char *out, size_t room)
{
    const struct ag_schema *schema = &ag_api_key_patch_schema;
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < schema->count && len < room; i++)
        if (ag_doc_has(input, i))
            len += (size_t)snprintf(out + len, room - len, "%s%s", len > 0 ? " " : "",
                                    schema->fields[i].name);
}

static enum ag_err change_tx(struct ag_tx *tx, void *arg)
{
    struct change *change = arg;
    const struct ag_scope *scope = change->scope;
    const struct ag_api_key_filter filter = reach_of(&scope->who);
    char changed[128];
    AG_TRY(ag_self_lock(tx, scope));
    AG_TRY(lock_org(tx, scope));
    AG_TRY(ag_api_keys_lock(tx, scope->who.org_id, change->id, &filter, &change->key));
    AG_TRY(check_changer(&scope->who, &change->key));
    if (change->key.shared) AG_TRY(check_shared(tx, scope, &change->key.scopes));
    if (ag_doc_has(change->input, AG_API_KEY_INPUT_AGENTS))
        AG_TRY(find_strangers(tx, scope, change->key.shared, &change->input->agent_ids,
                              &change->strangers));
    apply(change->input, &change->key);
    AG_TRY(ag_api_keys_update(tx, scope->who.org_id, &change->key));
    name_fields(change->input, changed, sizeof(changed));
    return note(tx, scope, "api_key.changed", &change->key, true, changed);
}

enum ag_err ag_api_key_change(struct ag_scope *scope, struct ag_uuid id,
                              const struct ag_api_key_input *input, struct ag_api_key *ret_key)
{
    struct change change = {.scope = scope, .id = id, .input = input};
    AG_TRY(check_twins(scope, &input->agent_ids));
    if (ag_doc_has(input, AG_API_KEY_INPUT_EXPIRES) && input->expires_at != 0)
        check_expiry(scope, input->expires_at);
    if (scope->errors->count > 0) return ag_fail(AG_E_INVALID, "the change is not valid");
    enum ag_err err = ag_db_write(scope->core->db, scope->arena, change_tx, &change);
    if (err == AG_E_INVALID) AG_TRY(tell_strangers(scope, change.strangers));
    AG_TRY(err);
    ag_access_changed(scope->core);
    *ret_key = change.key;
    return AG_OK;
}

struct revocation {
    const struct ag_scope *scope;
    struct ag_uuid id;
};

static enum ag_err revoke_tx(struct ag_tx *tx, void *arg)
{
    const struct revocation *args = arg;
    const struct ag_scope *scope = args->scope;
    const struct ag_api_key_filter filter = reach_of(&scope->who);
    struct ag_list gone;
    AG_TRY(lock_org(tx, scope));
    AG_TRY(ag_self_check(tx, scope));
    AG_TRY(ag_api_keys_revoke(tx, scope->who.org_id, args->id, &filter, ag_wall_ms(), &gone));
    const struct ag_api_key *keys = gone.items;
    for (size_t i = 0; i < gone.count; i++)
        AG_TRY(note(tx, scope, "api_key.revoked", &keys[i], false, NULL));
    return AG_OK;
}

enum ag_err ag_api_key_revoke(struct ag_scope *scope, struct ag_uuid id)
{
    struct revocation args = {scope, id};
    AG_TRY(ag_db_write(scope->core->db, scope->arena, revoke_tx, &args));
    ag_access_changed(scope->core);
    return AG_OK;
}
