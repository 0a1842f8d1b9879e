#include "core/internal.h"

enum ag_err ag_note(struct ag_tx *tx, const struct ag_scope *scope, const struct ag_kind *kind,
                    const char *did, struct ag_uuid id)
{
    char action[64], name[64], text[AG_UUID_TEXT_BYTES];
    snprintf(action, sizeof(action), "%s.%s", kind->name, did);
    snprintf(name, sizeof(name), "%s_id", kind->name);
    return ag_audit(tx, scope, action, ag_details(ag_tx_arena(tx), name, ag_uuid_format(id, text)));
}

static enum ag_err check_right(const struct ag_scope *scope, const struct ag_kind *kind,
                               const struct ag_head *head)
{
    if (ag_uuid_eq(head->user_id, ag_viewer(scope))) return AG_OK;
    if (ag_principal_may(&scope->who, kind->for_others)) return AG_OK;
    return ag_fail(AG_E_FORBIDDEN,
                   "only its creator or an administrator may delete or restore this %s",
                   kind->name);
}

enum ag_err ag_kind_delete_tx(struct ag_tx *tx, const struct ag_scope *scope,
                              const struct ag_kind *kind, struct ag_uuid id, int64_t if_version)
{
    struct ag_uuid org = scope->who.org_id;
    struct ag_head head;
    AG_TRY(ag_entity_lock(tx, kind->entity, org, ag_viewer(scope), id, &head));
    if (head.deleted) return ag_fail(AG_E_NOT_FOUND, "there is no such %s", kind->name);
    AG_TRY(check_right(scope, kind, &head));
    AG_TRY(ag_check_version(if_version, head.version));
    AG_TRY(ag_entity_delete(tx, kind->entity, org, id, ag_wall_ms()));
    return ag_note(tx, scope, kind, "deleted", id);
}

struct undo {
    const struct ag_scope *scope;
    const struct ag_kind *kind;
    struct ag_uuid id;
    int64_t if_version;
};

static enum ag_err delete_tx(struct ag_tx *tx, void *arg)
{
    const struct undo *undo = arg;
    return ag_kind_delete_tx(tx, undo->scope, undo->kind, undo->id, undo->if_version);
}

static enum ag_err restore_tx(struct ag_tx *tx, void *arg)
{
    const struct undo *undo = arg;
    struct ag_uuid org = undo->scope->who.org_id;
    struct ag_head head;
    AG_TRY(ag_entity_lock(tx, undo->kind->entity, org, ag_viewer(undo->scope), undo->id, &head));
    AG_TRY(check_right(undo->scope, undo->kind, &head));
    if (!head.deleted) return AG_OK;
    AG_TRY(ag_entity_restore(tx, undo->kind->entity, org, undo->id));
    AG_TRY(ag_note(tx, undo->scope, undo->kind, "restored", undo->id));
    return undo->kind->restored ? undo->kind->restored(tx, undo->scope, undo->id) : AG_OK;
}

enum ag_err ag_kind_delete(struct ag_scope *scope, const struct ag_kind *kind, struct ag_uuid id,
                           int64_t if_version)
{
    struct undo undo = {.scope = scope, .kind = kind, .id = id, .if_version = if_version};
    return ag_db_write(scope->core->db, scope->arena, delete_tx, &undo);
}

enum ag_err ag_kind_restore(struct ag_scope *scope, const struct ag_kind *kind, struct ag_uuid id)
{
    struct undo undo = {.scope = scope, .kind = kind, .id = id};
    return ag_db_write(scope->core->db, scope->arena, restore_tx, &undo);
}

enum ag_err ag_purge_deleted(struct ag_tx *tx)
{
    int64_t before = ag_wall_ms() - INT64_C(86400000) * AG_DELETED_KEPT_DAYS;
    AG_TRY(ag_entity_purge(tx, &ag_agent_entity, before));
    return ag_entity_purge(tx, &ag_prompt_entity, before);
}
