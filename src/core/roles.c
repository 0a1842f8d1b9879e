#include "core/internal.h"
#include "core/orgs.h"

/* ---- reading ---- */

static enum ag_err role_fill(struct ag_org_role *role, struct ag_arena *arena)
{
    return ag_permission_names(ag_member_permissions(AG_STR("viewer"), role->json), arena,
                               &role->permissions);
}

static const char *const built_in_docs[AG_ORG_ROLES] = {
    [AG_ROLE_OWNER] = "Everything, its end and its owners included",
    [AG_ROLE_ADMIN] = "Everything but the organisation's end and its owners",
    [AG_ROLE_MANAGER] = "Every agent and prompt, public links, and the audit log",
    [AG_ROLE_MEMBER] = "Makes and runs agents and prompts",
    [AG_ROLE_VIEWER] = "Sees everything and changes nothing",
};

static enum ag_err built_in(enum ag_role role, const struct ag_list *counts, struct ag_arena *arena,
                            struct ag_org_role *ret_role)
{
    const struct ag_role_count *count = counts->items;
    struct ag_org_role doc = {
        .name = ag_str(ag_role_name(role)),
        .description = ag_str(built_in_docs[role]),
        .built_in = true,
    };
    AG_SET(&doc, AG_ORG_ROLE_DESCRIPTION);
    for (size_t i = 0; i < counts->count; i++)
        if (ag_str_eq(count[i].role, doc.name)) doc.members = count[i].count;
    AG_TRY(ag_permission_names(ag_role_permissions(role), arena, &doc.permissions));
    *ret_role = doc;
    return AG_OK;
}

enum ag_err ag_role_list(struct ag_scope *scope, struct ag_list *ret_roles)
{
    struct ag_arena *arena = scope->arena;
    struct ag_list counts, own;
    AG_TRY(ag_roles_counts(scope->core->db, arena, scope->who.org_id, &counts));
    AG_TRY(ag_roles_list(scope->core->db, arena, scope->who.org_id, &own));
    struct ag_org_role *roles = AG_ARENA_ARRAY(arena, struct ag_org_role, AG_ORG_ROLES + own.count);
    if (!roles) return ag_fail(AG_E_NO_MEMORY, "no memory for a list");
    for (unsigned i = 0; i < AG_ORG_ROLES; i++)
        AG_TRY(built_in((enum ag_role)i, &counts, arena, &roles[i]));
    for (size_t i = 0; i < own.count; i++) {
        struct ag_org_role *role = &roles[AG_ORG_ROLES + i];
        *role = ((struct ag_org_role *)own.items)[i];
        AG_TRY(role_fill(role, arena));
    }
    *ret_roles = (struct ag_list){roles, AG_ORG_ROLES + own.count};
    return AG_OK;
}

enum ag_err ag_permission_list(struct ag_arena *arena, struct ag_list *ret_permissions)
{
    const unsigned first = AG_PERM_PUBLIC + 1;
    uint64_t always = ag_member_permissions(AG_STR("viewer"), AG_STR("[]"));
    uint64_t optional = ag_own_role_permissions();
    struct ag_permission_doc *docs = AG_ARENA_ARRAY(arena, struct ag_permission_doc,
                                                    AG_PERM_COUNT - first);
    if (!docs) return ag_fail(AG_E_NO_MEMORY, "no memory for a list of permissions");
    for (unsigned i = first; i < AG_PERM_COUNT; i++) {
        const struct ag_permission_info *info = ag_permission_info((enum ag_permission)i);
        uint64_t bit = ag_permission_bit((enum ag_permission)i);
        struct ag_str name = ag_str(info->name);
        struct ag_str *roles = AG_ARENA_ARRAY(arena, struct ag_str, AG_ROLE_COUNT);
        if (!roles) return ag_fail(AG_E_NO_MEMORY, "no memory for a list of roles");
        size_t count = 0;
        for (unsigned role = 0; role < AG_ROLE_COUNT; role++)
            if (info->roles & (1U << role))
                roles[count++] = ag_str(ag_role_name((enum ag_role)role));
        docs[i - first] = (struct ag_permission_doc){
            .name = name,
            .description = ag_str(info->doc),
            .group = ag_str_sub(name, 0, (size_t)ag_str_find_char(name, ':')),
            .roles = {roles, count},
            .own_roles = bit & always     ? AG_STR("always")
                         : bit & optional ? AG_STR("optional")
                                          : AG_STR("never"),
        };
    }
    *ret_permissions = (struct ag_list){docs, AG_PERM_COUNT - first};
    return AG_OK;
}

/* ---- what a role may be ---- */

static enum ag_err check_permissions(struct ag_scope *scope, const struct ag_list *permissions,
                                     uint64_t *ret_mask)
{
    const struct ag_str *names = permissions->items;
    uint64_t mask = 0;
    for (size_t i = 0; i < permissions->count; i++) {
        enum ag_permission permission = ag_permission_find(names[i]);
        uint64_t bit = ag_permission_bit(permission);
        struct ag_str field = ag_arena_printf(scope->arena, "permissions[%zu]", i);
        if (!field.data) return ag_fail(AG_E_NO_MEMORY, "no memory for permissions");
        if (permission == AG_PERM_UNSET)
            ag_field_error(scope->errors, scope->arena, field.data, "choice",
                           "is not a permission; see GET /v1/permissions");
        else if (!(bit & ag_own_role_permissions()))
            ag_field_error(scope->errors, scope->arena, field.data, "forbidden",
                           "is one that no role of an organisation's own can hold");
        else if (!ag_may_grant(scope->who.permissions, bit))
            ag_field_error(scope->errors, scope->arena, field.data, "forbidden",
                           "is a permission that you do not have");
        mask |= bit;
    }
    *ret_mask = mask;
    return AG_OK;
}

static bool is_reserved(struct ag_str name)
{
    for (unsigned i = 0; i < AG_ROLE_COUNT; i++)
        if (ag_str_eq_nocase(name, ag_str(ag_role_name((enum ag_role)i)))) return true;
    return false;
}

static enum ag_err take_input(struct ag_scope *scope, const struct ag_own_role_input *input,
                              struct ag_org_role *role)
{
    uint64_t mask;
    if (is_reserved(input->name))
        ag_field_error(scope->errors, scope->arena, "name", "duplicate",
                       "is what a built-in role is called");
    AG_TRY(check_permissions(scope, &input->permissions, &mask));
    if (scope->errors->count > 0) return ag_fail(AG_E_INVALID, "the role is not valid");
    AG_TRY(ag_permissions_to_json(mask, scope->arena, &role->json));
    role->name = input->name;
    AG_SET(role, AG_ORG_ROLE_OWN_ID);
    AG_SET(role, AG_ORG_ROLE_CREATED);
    AG_SET(role, AG_ORG_ROLE_UPDATED);
    if (input->description.len == 0) return AG_OK;
    role->description = input->description;
    AG_SET(role, AG_ORG_ROLE_DESCRIPTION);
    return AG_OK;
}

/* ---- writing ---- */

struct role_change {
    struct ag_scope *scope;
    struct ag_org_role role;
};

static enum ag_err check_grant(uint64_t held, const struct ag_org_role *role)
{
    if (ag_may_grant(held, ag_member_permissions(AG_STR("viewer"), role->json))) return AG_OK;
    return ag_fail(AG_E_FORBIDDEN, "the role %.*s may do more than you", AG_STR_ARG(role->name));
}

static enum ag_err role_audit(struct ag_tx *tx, const struct role_change *change,
                              const char *action)
{
    struct ag_buf details;
    char text[AG_UUID_TEXT_BYTES];
    ag_buf_init(&details, ag_tx_arena(tx), 8192);
    ag_buf_printf(&details,
                  "{\"role_id\":\"%s\",\"name\":", ag_uuid_format(change->role.id, text).data);
    ag_buf_json_string(&details, change->role.name);
    ag_buf_append_lit(&details, ",\"permissions\":");
    ag_buf_append_str(&details, change->role.json);
    AG_TRY(ag_buf_append_char(&details, '}'));
    return ag_audit(tx, change->scope, action, ag_buf_str(&details));
}

static enum ag_err begin(struct ag_tx *tx, struct ag_scope *scope, uint64_t *ret_held)
{
    bool personal;
    AG_TRY(ag_org_lock(tx, scope->who.org_id, &personal));
    return ag_org_actor(tx, scope, AG_PERM_ROLES_WRITE, ret_held);
}

static enum ag_err role_create_tx(struct ag_tx *tx, void *arg)
{
    struct role_change *change = arg;
    struct ag_uuid org = change->scope->who.org_id;
    uint64_t held;
    int64_t count;
    AG_TRY(begin(tx, change->scope, &held));
    AG_TRY(check_grant(held, &change->role));
    AG_TRY(ag_roles_total(tx, org, &count));
    if (count >= AG_ORG_ROLES_MAX)
        return ag_fail(AG_E_CONFLICT,
                       "an organisation has at most %d roles of its own; delete one first",
                       AG_ORG_ROLES_MAX);
    AG_TRY(ag_roles_insert(tx, org, &change->role));
    return role_audit(tx, change, "role.created");
}

static enum ag_err role_read(struct ag_scope *scope, struct ag_uuid id,
                             struct ag_org_role *ret_role)
{
    struct ag_org_role role;
    AG_TRY(ag_roles_get(scope->core->db, scope->arena, scope->who.org_id, id, &role));
    AG_TRY(role_fill(&role, scope->arena));
    *ret_role = role;
    return AG_OK;
}

static enum ag_err name_taken(void)
{
    return ag_fail(AG_E_CONFLICT, "a role with this name exists; choose another one");
}

enum ag_err ag_role_create(struct ag_scope *scope, const struct ag_own_role_input *input,
                           struct ag_org_role *ret_role)
{
    struct role_change change = {.scope = scope};
    change.role.id = ag_scope_new_id(scope);
    change.role.created_at = ag_wall_ms();
    AG_TRY(take_input(scope, input, &change.role));
    enum ag_err err = ag_db_write(scope->core->db, scope->arena, role_create_tx, &change);
    if (err == AG_E_EXISTS) {
        /* Or the id was reserved by a request whose process died after this commit. */
        if (ag_uuid_is_nil(scope->reserved_id)) return name_taken();
        err = role_read(scope, change.role.id, ret_role);
        return err == AG_E_NOT_FOUND ? name_taken() : err;
    }
    AG_TRY(err);
    return role_read(scope, change.role.id, ret_role);
}

static enum ag_err role_replace_tx(struct ag_tx *tx, void *arg)
{
    struct role_change *change = arg;
    struct ag_uuid org = change->scope->who.org_id;
    struct ag_org_role before;
    uint64_t held;
    AG_TRY(begin(tx, change->scope, &held));
    AG_TRY(ag_roles_lock(tx, org, change->role.id, &before));
    AG_TRY(check_grant(held, &before));
    AG_TRY(check_grant(held, &change->role));
    change->role.updated_at = AG_MAX(ag_wall_ms(), before.updated_at);
    AG_TRY(ag_roles_update(tx, org, &change->role));
    AG_TRY(ag_invitations_sweep(tx, change->scope, org));
    return role_audit(tx, change, "role.changed");
}

enum ag_err ag_role_replace(struct ag_scope *scope, struct ag_uuid id,
                            const struct ag_own_role_input *input, struct ag_org_role *ret_role)
{
    struct role_change change = {.scope = scope};
    change.role.id = id;
    AG_TRY(take_input(scope, input, &change.role));
    enum ag_err err = ag_db_write(scope->core->db, scope->arena, role_replace_tx, &change);
    if (err == AG_E_EXISTS) return name_taken();
    AG_TRY(err);
    ag_access_changed(scope->core);
    return role_read(scope, id, ret_role);
}

static enum ag_err role_delete_tx(struct ag_tx *tx, void *arg)
{
    struct role_change *change = arg;
    struct ag_uuid org = change->scope->who.org_id, id = change->role.id;
    int64_t members, invitations;
    uint64_t held;
    AG_TRY(begin(tx, change->scope, &held));
    AG_TRY(ag_roles_lock(tx, org, id, &change->role));
    AG_TRY(check_grant(held, &change->role));
    AG_TRY(ag_roles_uses(tx, org, id, ag_wall_ms(), &members, &invitations));
    if (members + invitations > 0)
        return ag_fail(AG_E_CONFLICT,
                       "%lld members have this role and %lld open invitations promise it; give "
                       "them another one first",
                       (long long)members, (long long)invitations);
    AG_TRY(ag_roles_delete(tx, org, id));
    return role_audit(tx, change, "role.deleted");
}

enum ag_err ag_role_delete(struct ag_scope *scope, struct ag_uuid id)
{
    struct role_change change = {.scope = scope};
    change.role.id = id;
    return ag_db_write(scope->core->db, scope->arena, role_delete_tx, &change);
}
