/* What members may do, and who may grant it. */
#include "core/internal.h"
#include "core/orgs.h"
#include "store/accounts.h"

static uint64_t own_account(void)
{
    return ag_permission_bit(AG_PERM_ACCOUNT_READ) | ag_permission_bit(AG_PERM_ACCOUNT_WRITE);
}

/* All but what makes an owner an owner. */
uint64_t ag_own_role_permissions(void)
{
    return ag_role_permissions(AG_ROLE_ADMIN);
}

uint64_t ag_member_permissions(struct ag_str role, struct ag_str own)
{
    /* Whatever the row of a role says: its members can go on to be themselves, and nobody gets out
     * of the organisation with it. */
    if (own.data)
        return (ag_permissions_from_json(own) & ag_own_role_permissions()) | own_account();
    return ag_role_permissions(ag_role_find(role));
}

enum ag_err ag_permission_names(uint64_t mask, struct ag_arena *arena, struct ag_list *ret_names)
{
    struct ag_str *names = AG_ARENA_ARRAY(arena, struct ag_str, AG_PERM_COUNT);
    if (!names) return ag_fail(AG_E_NO_MEMORY, "no memory for a list of permissions");
    size_t count = 0;
    for (unsigned i = AG_PERM_PUBLIC + 1; i < AG_PERM_COUNT; i++)
        if (mask & ag_permission_bit((enum ag_permission)i))
            names[count++] = ag_str(ag_permission_info((enum ag_permission)i)->name);
    *ret_names = (struct ag_list){names, count};
    return AG_OK;
}

enum ag_err ag_permissions_to_json(uint64_t mask, struct ag_arena *arena, struct ag_str *ret_json)
{
    struct ag_list list;
    struct ag_buf buf;
    AG_TRY(ag_permission_names(mask, arena, &list));
    const struct ag_str *names = list.items;
    ag_buf_init(&buf, arena, 8192);
    ag_buf_append_char(&buf, '[');
    for (size_t i = 0; i < list.count; i++) {
        if (i > 0) ag_buf_append_char(&buf, ',');
        ag_buf_json_string(&buf, names[i]);
    }
    ag_buf_append_char(&buf, ']');
    AG_TRY(ag_buf_err(&buf));
    *ret_json = ag_buf_str(&buf);
    return AG_OK;
}

/* ---- locks ---- */

/* Random bits of the id; organisations and people have keys of their own. */
static int64_t lock_key(struct ag_uuid id, uint64_t salt)
{
    uint64_t key;
    memcpy(&key, id.bytes + 8, sizeof(key));
    return (int64_t)(key ^ salt);
}

enum ag_err ag_org_lock(struct ag_tx *tx, struct ag_uuid org, bool *ret_personal)
{
    AG_TRY(ag_tx_lock(tx, lock_key(org, UINT64_C(0x6f7267616e697a65))));
    return ag_orgs_is_personal(tx, org, ret_personal);
}

enum ag_err ag_person_wait(struct ag_tx *tx, struct ag_uuid user)
{
    return ag_tx_lock(tx, lock_key(user, UINT64_C(0x706572736f6e616c)));
}

enum ag_err ag_person_lock(struct ag_tx *tx, struct ag_uuid user)
{
    struct ag_standing standing;
    AG_TRY(ag_person_wait(tx, user));
    enum ag_err err = ag_accounts_lock(tx, user, &standing);
    if (err != AG_E_NOT_FOUND) return err;
    return ag_fail(AG_E_UNAUTHENTICATED, "this account was deleted meanwhile");
}

static enum ag_err check_owned(int64_t owned)
{
    if (owned < AG_ORGS_OWNED_MAX) return AG_OK;
    return ag_fail(AG_E_CONFLICT,
                   "one account owns at most %d organisations; delete or hand over one first",
                   AG_ORGS_OWNED_MAX);
}

enum ag_err ag_check_may_own(struct ag_tx *tx, struct ag_uuid user)
{
    int64_t all, owned;
    AG_TRY(ag_orgs_count(tx, user, &all, &owned));
    return check_owned(owned);
}

enum ag_err ag_check_may_join(struct ag_tx *tx, struct ag_uuid user, bool owns)
{
    int64_t all, owned;
    AG_TRY(ag_orgs_count(tx, user, &all, &owned));
    if (owns) AG_TRY(check_owned(owned));
    if (all >= AG_ORGS_JOINED_MAX)
        return ag_fail(AG_E_CONFLICT,
                       "one account belongs to at most %d organisations; leave one first",
                       AG_ORGS_JOINED_MAX);
    return AG_OK;
}

/* ---- administrators of the server ---- */

enum ag_err ag_admin_actor(struct ag_tx *tx, const struct ag_scope *scope)
{
    bool is_admin;
    if (scope->who.credential == AG_CRED_NONE) return AG_OK; /* the operator, at a command line */
    AG_TRY(ag_accounts_is_admin(tx, scope->who.user_id, &is_admin));
    if (is_admin) return ag_self_lock(tx, scope);
    return ag_fail(AG_E_FORBIDDEN, "you do not administer the server any more");
}

/* ---- granting ---- */

static enum ag_err lock_self(struct ag_tx *tx, const struct ag_scope *scope,
                             struct ag_member *ret_self)
{
    enum ag_err err = ag_members_lock(tx, scope->who.org_id, scope->who.user_id, ret_self);
    if (err != AG_E_NOT_FOUND) return err;
    return ag_fail(AG_E_FORBIDDEN, "you are no member of this organisation any more");
}

enum ag_err ag_org_stay(struct ag_tx *tx, const struct ag_scope *scope)
{
    struct ag_member self;
    return lock_self(tx, scope, &self);
}

enum ag_err ag_org_actor(struct ag_tx *tx, const struct ag_scope *scope, enum ag_permission needed,
                         uint64_t *ret_held)
{
    const struct ag_principal *who = &scope->who;
    uint64_t held = who->permissions;
    AG_TRY(ag_self_check(tx, scope));
    if (!who->shared_key) {
        struct ag_member self;
        AG_TRY(lock_self(tx, scope, &self));
        held &= ag_member_permissions(self.role, self.permissions);
    }
    if (!(held & ag_permission_bit(needed)))
        return ag_fail(AG_E_FORBIDDEN, "this needs the permission %s",
                       ag_permission_info(needed)->name);
    *ret_held = held;
    return AG_OK;
}

bool ag_may_grant(uint64_t held, uint64_t granted)
{
    return (granted & ~held & ~own_account()) == 0;
}

enum ag_err ag_role_resolve(struct ag_tx *tx, struct ag_uuid org, const struct ag_member_role *role,
                            struct ag_granted_role *ret_role)
{
    struct ag_granted_role granted = {.role = *role, .name = role->role};
    struct ag_str own = {0};
    if (!ag_uuid_is_nil(role->role_id)) {
        struct ag_org_role found;
        AG_TRY(ag_roles_lock(tx, org, role->role_id, &found));
        granted.name = found.name;
        own = found.json;
    }
    granted.permissions = ag_member_permissions(role->role, own);
    *ret_role = granted;
    return AG_OK;
}

enum ag_err ag_refuse_role(struct ag_scope *scope)
{
    ag_field_error(scope->errors, scope->arena, "role_id", "choice",
                   "is no role of this organisation");
    return ag_fail(AG_E_INVALID, "there is no such role");
}

enum ag_err ag_role_chosen(struct ag_scope *scope, struct ag_str role, bool has_id,
                           struct ag_uuid role_id, struct ag_member_role *ret_role)
{
    if ((role.len > 0) == has_id) {
        ag_field_error(scope->errors, scope->arena, "role", has_id ? "duplicate" : "required", "%s",
                       has_id ? "cannot stand beside role_id: send one of them"
                              : "is missing: send a built-in role, or role_id");
        return ag_fail(AG_E_INVALID, "send either role or role_id");
    }
    *ret_role = (struct ag_member_role){has_id ? AG_STR("viewer") : role, role_id};
    return AG_OK;
}

/* ---- the activity log ---- */

/* As many as one person can have in an organisation, and no more than an entry holds. */
enum { KEYS_TOLD_MAX = AG_KEYS_PER_PERSON + AG_KEYS_SHARED, KEYS_DETAILS_MAX_BYTES = 16 * 1024 };

struct ag_str ag_details_of(struct ag_arena *arena, const struct ag_pair *pairs, size_t count)
{
    struct ag_buf buf;
    ag_buf_init(&buf, arena, 4096);
    ag_buf_append_char(&buf, '{');
    for (size_t i = 0; i < count; i++) {
        if (i > 0) ag_buf_append_char(&buf, ',');
        ag_buf_json_string(&buf, pairs[i].name);
        ag_buf_append_char(&buf, ':');
        ag_buf_json_string(&buf, ag_detail_text(pairs[i].value));
    }
    ag_buf_append_char(&buf, '}');
    return ag_buf_err(&buf) == AG_OK ? ag_buf_str(&buf) : AG_STR("{}");
}

struct ag_pair ag_detail_id(struct ag_arena *arena, const char *name, struct ag_uuid id)
{
    char text[AG_UUID_TEXT_BYTES];
    return (struct ag_pair){ag_str(name), ag_arena_copy(arena, ag_uuid_format(id, text))};
}

enum ag_err ag_audit_keys_ended(struct ag_tx *tx, const struct ag_scope *scope,
                                const struct ag_keys_ended *ended)
{
    const struct ag_uuid *ids = ended->ids.items;
    struct ag_buf details;
    char text[AG_UUID_TEXT_BYTES];
    if (ended->ids.count == 0) return AG_OK;
    ag_buf_init(&details, ag_tx_arena(tx), KEYS_DETAILS_MAX_BYTES);
    ag_buf_printf(&details,
                  "{\"because\":\"%s\",\"user_id\":\"%s\",\"count\":%zu,\"api_key_ids\":[",
                  ended->because, ag_uuid_format(ended->owner, text).data, ended->ids.count);
    for (size_t i = 0; i < AG_MIN(ended->ids.count, (size_t)KEYS_TOLD_MAX); i++)
        ag_buf_printf(&details, "%s\"%s\"", i > 0 ? "," : "", ag_uuid_format(ids[i], text).data);
    ag_buf_append_lit(&details, "]}");
    AG_TRY(ag_buf_err(&details));
    return ag_audit_in(tx, scope, ended->org, ended->actor, "api_key.revoked",
                       ag_buf_str(&details));
}
