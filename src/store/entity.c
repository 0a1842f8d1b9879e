#include "store/tables.h"

enum ag_err ag_entity_first(const struct ag_entity *entity, const struct ag_rows *rows,
                            void *ret_doc)
{
    if (rows->count == 0) return ag_fail(AG_E_NOT_FOUND, "there is no such %s", entity->name);
    entity->from_row(rows, 0, ret_doc);
    return AG_OK;
}

enum ag_err ag_entity_get(struct ag_db *db, struct ag_arena *arena, const struct ag_entity *entity,
                          struct ag_uuid org, struct ag_uuid viewer, struct ag_uuid id,
                          void *ret_doc)
{
    const struct ag_value params[] = {ag_v_uuid(org), ag_v_uuid(id), ag_v_uuid(viewer)};
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &entity->stmts[AG_ENTITY_GET], params, entity->has_viewer ? 3 : 2,
                      &rows));
    return ag_entity_first(entity, &rows, ret_doc);
}

enum ag_err ag_entity_list(struct ag_db *db, struct ag_arena *arena, const struct ag_entity *entity,
                           struct ag_uuid org, struct ag_uuid viewer, const struct ag_page *page,
                           struct ag_list *ret_docs)
{
    struct ag_rows rows;
    AG_TRY(ag_list_read(db, arena, entity->stmts, org, entity->has_viewer ? &viewer : NULL, page,
                        &rows));
    char *docs = ag_arena_zalloc(arena, ag_array_bytes(entity->size, rows.count));
    if (!docs) return ag_fail(AG_E_NO_MEMORY, "no memory for a list");
    for (size_t i = 0; i < rows.count; i++)
        entity->from_row(&rows, i, docs + i * entity->size);
    *ret_docs = (struct ag_list){docs, rows.count};
    return AG_OK;
}

enum ag_err ag_entity_lock(struct ag_tx *tx, const struct ag_entity *entity, struct ag_uuid org,
                           struct ag_uuid viewer, struct ag_uuid id, struct ag_head *ret_head)
{
    const struct ag_value params[] = {ag_v_uuid(org), ag_v_uuid(id), ag_v_uuid(viewer)};
    struct ag_rows rows;
    AG_TRY(
        ag_tx_exec(tx, &entity->stmts[AG_ENTITY_LOCK], params, entity->has_viewer ? 3 : 2, &rows));
    if (rows.count == 0) return ag_fail(AG_E_NOT_FOUND, "there is no such %s", entity->name);
    const struct ag_value *row = ag_row(&rows, 0);
    *ret_head = (struct ag_head){
        .user_id = row[0].uuid,
        .version = row[1].num,
        .created_at = row[2].num,
        .updated_at = row[3].num,
        .deleted = row[4].num,
    };
    return AG_OK;
}

enum ag_err ag_entity_delete(struct ag_tx *tx, const struct ag_entity *entity, struct ag_uuid org,
                             struct ag_uuid id, int64_t now)
{
    return ag_tx_exec(tx, &entity->stmts[AG_ENTITY_DELETE],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(id), ag_v_time(now)), NULL);
}

enum ag_err ag_entity_restore(struct ag_tx *tx, const struct ag_entity *entity, struct ag_uuid org,
                              struct ag_uuid id)
{
    return ag_tx_exec(tx, &entity->stmts[AG_ENTITY_RESTORE], AG_BIND(ag_v_uuid(org), ag_v_uuid(id)),
                      NULL);
}

enum ag_err ag_entity_purge(struct ag_tx *tx, const struct ag_entity *entity,
                            int64_t deleted_before)
{
    return ag_tx_exec(tx, &entity->stmts[AG_ENTITY_PURGE], AG_BIND(ag_v_time(deleted_before)),
                      NULL);
}
