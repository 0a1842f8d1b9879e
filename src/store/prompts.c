#include "store/tables.h"

#define PROMPT_COLUMNS "id, user_id, prompt_text, metadata, version, created_at, updated_at"
#define PROMPT_TYPES   "uutjizz"
#define PROMPT_LIST                                                                                \
    "SELECT " PROMPT_COLUMNS " FROM prompts WHERE org_id = $1 "                                    \
    "AND (lower(prompt_text) LIKE $2 ESCAPE '\\' "                                                 \
    "OR lower(CAST(metadata AS TEXT)) LIKE $2 ESCAPE '\\')"

enum {
    PROMPT_LIST_FIRST,
    PROMPT_INSERT = AG_LIST_STMTS,
    PROMPT_GET,
    PROMPT_LOCK,
    PROMPT_UPDATE,
    PROMPT_DELETE
};

struct ag_stmt ag_prompt_stmts[AG_PROMPT_STMTS] = {
    AG_LIST_ALL("prompt_list", PROMPT_LIST, PROMPT_TYPES, "substr(prompt_text, 1, 80)"),
    [PROMPT_INSERT] = {.name = "prompt_insert",
                       .sql = "INSERT INTO prompts (org_id, " PROMPT_COLUMNS ") "
                              "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                       .params = "u" PROMPT_TYPES,
                       .columns = ""},
    [PROMPT_GET] = {.name = "prompt_get",
                    .sql = "SELECT " PROMPT_COLUMNS " FROM prompts WHERE org_id = $1 AND id = $2",
                    .params = "uu",
                    .columns = PROMPT_TYPES},
    /* For a change: nobody else changes it until this transaction ends. */
    [PROMPT_LOCK] = {.name = "prompt_lock",
                     .sql = "SELECT " PROMPT_COLUMNS
                            " FROM prompts WHERE org_id = $1 AND id = $2 FOR UPDATE",
                     .sqlite = "SELECT " PROMPT_COLUMNS
                               " FROM prompts WHERE org_id = $1 AND id = $2",
                     .params = "uu",
                     .columns = PROMPT_TYPES},
    [PROMPT_UPDATE] = {.name = "prompt_update",
                       .sql = "UPDATE prompts SET prompt_text = $4, metadata = $5, "
                              "version = $3 + 1, updated_at = $6 "
                              "WHERE org_id = $1 AND id = $2 AND version = $3",
                       .params = "uuitjz",
                       .columns = ""},
    [PROMPT_DELETE] = {.name = "prompt_delete",
                       .sql = "DELETE FROM prompts WHERE org_id = $1 AND id = $2 AND version = $3",
                       .params = "uui",
                       .columns = ""},
};

static const struct ag_field prompt_fields[] = {
    AG_FIELD(struct ag_prompt, id, AG_F_UUID, AG_FF_REQUIRED, .doc = "The prompt"),
    AG_FIELD(struct ag_prompt, user_id, AG_F_UUID, AG_FF_REQUIRED, .doc = "Who created it"),
    AG_FIELD(struct ag_prompt, prompt_text, AG_F_STRING, AG_FF_REQUIRED,
             .doc = "The text; `{{name}}` marks a variable",
             .example = "\"Generate a professional email response to a client inquiry.\""),
    AG_FIELD(struct ag_prompt, metadata, AG_F_JSON, AG_FF_REQUIRED,
             .doc = "Its category and tags, in the form of `PromptMetadata`"),
    AG_FIELD(struct ag_prompt, version, AG_F_INT, AG_FF_REQUIRED,
             .doc = "Counts changes from 1; also its ETag"),
    AG_FIELD(struct ag_prompt, created_at, AG_F_TIME, AG_FF_REQUIRED, .doc = "When it was created"),
    AG_FIELD(struct ag_prompt, updated_at, AG_F_TIME, AG_FF_REQUIRED, .doc = "Its last change"),
};
AG_SCHEMA(ag_prompt_schema, "Prompt", struct ag_prompt, "A saved prompt", prompt_fields);

static void prompt_from_row(const struct ag_value *row, struct ag_prompt *prompt)
{
    *prompt = (struct ag_prompt){
        .id = row[0].uuid,
        .user_id = row[1].uuid,
        .prompt_text = row[2].str,
        .metadata = row[3].str,
        .version = row[4].num,
        .created_at = row[5].num,
        .updated_at = row[6].num,
    };
}

enum ag_err ag_prompts_insert(struct ag_tx *tx, struct ag_uuid org, const struct ag_prompt *prompt)
{
    return ag_tx_exec(tx, &ag_prompt_stmts[PROMPT_INSERT],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(prompt->id), ag_v_uuid(prompt->user_id),
                              ag_v_text(prompt->prompt_text), ag_v_json(prompt->metadata),
                              ag_v_int(prompt->version), ag_v_time(prompt->created_at),
                              ag_v_time(prompt->updated_at)),
                      NULL);
}

static enum ag_err first_prompt(const struct ag_rows *rows, struct ag_prompt *ret_prompt)
{
    if (rows->count == 0) return ag_fail(AG_E_NOT_FOUND, "there is no such prompt");
    prompt_from_row(ag_row(rows, 0), ret_prompt);
    return AG_OK;
}

enum ag_err ag_prompts_get(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                           struct ag_uuid id, struct ag_prompt *ret_prompt)
{
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &ag_prompt_stmts[PROMPT_GET],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(id)), &rows));
    return first_prompt(&rows, ret_prompt);
}

enum ag_err ag_prompts_lock(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid id,
                            struct ag_prompt *ret_prompt)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_prompt_stmts[PROMPT_LOCK], AG_BIND(ag_v_uuid(org), ag_v_uuid(id)),
                      &rows));
    return first_prompt(&rows, ret_prompt);
}

enum ag_err ag_prompts_list(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                            const struct ag_page *page, struct ag_list *ret_prompts)
{
    struct ag_rows rows;
    AG_TRY(ag_list_read(db, arena, &ag_prompt_stmts[PROMPT_LIST_FIRST], org, page, &rows));
    struct ag_prompt *prompts = AG_ARENA_ARRAY(arena, struct ag_prompt, rows.count);
    if (!prompts) return ag_fail(AG_E_NO_MEMORY, "no memory for a list");
    for (size_t i = 0; i < rows.count; i++)
        prompt_from_row(ag_row(&rows, i), &prompts[i]);
    *ret_prompts = (struct ag_list){prompts, rows.count};
    return AG_OK;
}

enum ag_err ag_prompts_update(struct ag_tx *tx, struct ag_uuid org, const struct ag_prompt *prompt)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_prompt_stmts[PROMPT_UPDATE],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(prompt->id), ag_v_int(prompt->version - 1),
                              ag_v_text(prompt->prompt_text), ag_v_json(prompt->metadata),
                              ag_v_time(prompt->updated_at)),
                      &rows));
    return rows.changed == 1 ? AG_OK : ag_fail(AG_E_STALE, "the prompt was changed meanwhile");
}

enum ag_err ag_prompts_delete(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid id,
                              int64_t version)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_prompt_stmts[PROMPT_DELETE],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(id), ag_v_int(version)), &rows));
    return rows.changed == 1 ? AG_OK : ag_fail(AG_E_STALE, "the prompt was changed meanwhile");
}

struct ag_str ag_prompt_sort_name(const struct ag_prompt *prompt)
{
    size_t end = 0;
    for (int i = 0; i < 80 && end < prompt->prompt_text.len; i++)
        end += AG_MAX(ag_utf8_char(ag_str_sub(prompt->prompt_text, end, 4)), 1U);
    return ag_str_sub(prompt->prompt_text, 0, end);
}
