#include "store/tables.h"

#define PROMPT_COLUMNS "id, user_id, name, prompt_text, metadata, version, created_at, updated_at"
#define PROMPT_TYPES   "uuttjizz"
#define PROMPT_FOUND(tag)                                                                          \
    "(lower(coalesce(name, '')) LIKE lower($2) ESCAPE '\\' "                                       \
    "OR lower(prompt_text) LIKE lower($2) ESCAPE '\\' "                                            \
    "OR lower(CAST(metadata AS TEXT)) LIKE lower($2) ESCAPE '\\') "                                \
    "AND ($4 IS NULL OR metadata ->> 'category' = $4) AND ($5 IS NULL OR " tag ")"
/* All of an organisation's are there for all of its members. */
#define PROMPT_SEEN(viewer) ""
static const struct ag_uuid everybody;

/* The elements of a JSON list are rows of a function that the databases call differently. */
#define PG_TAGS(table)     "jsonb_array_elements_text(" table ".metadata -> 'tags') AS tag (value)"
#define SQLITE_TAGS(table) "json_each(" table ".metadata, '$.tags') AS tag"
/* Every prompt is read for a facet, so there is an end to how many. */
#define NEWEST                                                                                     \
    "(SELECT id, metadata FROM prompts WHERE org_id = $1 AND deleted_at IS NULL "                  \
    "ORDER BY id DESC LIMIT 5000) AS newest"
#define FACETS(value, from)                                                                        \
    "SELECT " value ", count(DISTINCT newest.id) FROM " from " WHERE " value " <> '' "             \
    "GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 100"

enum {
    PROMPT_INSERT = AG_ENTITY_STMTS,
    PROMPT_UPDATE,
    PROMPT_CATEGORIES,
    PROMPT_TAGS,
};

struct ag_stmt ag_prompt_stmts[AG_PROMPT_STMTS] = {
    AG_ENTITY_ALL(
        "prompt", "prompts", PROMPT_COLUMNS, PROMPT_TYPES, PROMPT_COLUMNS, PROMPT_TYPES,
        PROMPT_FOUND("metadata -> 'tags' @> to_jsonb($5)"),
        PROMPT_FOUND("EXISTS (SELECT 1 FROM " SQLITE_TAGS("prompts") " WHERE tag.value = $5)"),
        "coalesce(name, substr(prompt_text, 1, 80))", "", PROMPT_SEEN, "$6", "$7"),
    [PROMPT_INSERT] = {.name = "prompt_insert",
                       .sql = "INSERT INTO prompts (org_id, " PROMPT_COLUMNS ") "
                              "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                       .params = "u" PROMPT_TYPES,
                       .columns = ""},
    [PROMPT_UPDATE] = {.name = "prompt_update",
                       .sql = "UPDATE prompts SET name = $3, prompt_text = $4, metadata = $5, "
                              "version = $6, updated_at = $7 WHERE org_id = $1 AND id = $2",
                       .params = "uuttjiz",
                       .columns = ""},
    [PROMPT_CATEGORIES] = {.name = "prompt_categories",
                           .sql = FACETS("metadata ->> 'category'", NEWEST),
                           .params = "u",
                           .columns = "ti"},
    [PROMPT_TAGS] = {.name = "prompt_tags",
                     .sql = FACETS("tag.value", NEWEST ", " PG_TAGS("newest")),
                     .sqlite = FACETS("tag.value", NEWEST ", " SQLITE_TAGS("newest")),
                     .params = "u",
                     .columns = "ti"},
};

static const struct ag_field prompt_fields[] = {
    AG_FIELD(struct ag_prompt, id, AG_F_UUID, AG_FF_REQUIRED, .doc = "The prompt"),
    AG_FIELD(struct ag_prompt, user_id, AG_F_UUID, AG_FF_REQUIRED, .doc = "Who created it"),
    [AG_PROMPT_NAME] = AG_FIELD(struct ag_prompt, name, AG_F_STRING,
                                AG_FF_REQUIRED | AG_FF_NULLABLE, .doc = "Its name in the library",
                                .example = "\"Reply to an inquiry\""),
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

static const struct ag_field facet_fields[] = {
    AG_FIELD(struct ag_facet, value, AG_F_STRING, AG_FF_REQUIRED, .doc = "The value",
             .example = "\"Business\""),
    AG_FIELD(struct ag_facet, count, AG_F_INT, AG_FF_REQUIRED, .doc = "Prompts that have it"),
};
static AG_SCHEMA(facet_schema, "Facet", struct ag_facet, "A value and how often it occurs",
                 facet_fields);

static const struct ag_field prompt_facets_fields[] = {
    AG_FIELD(struct ag_prompt_facets, categories, AG_F_LIST, AG_FF_REQUIRED, .item = AG_F_OBJECT,
             .sub = &facet_schema, .doc = "The most frequent categories, at most 100"),
    AG_FIELD(struct ag_prompt_facets, tags, AG_F_LIST, AG_FF_REQUIRED, .item = AG_F_OBJECT,
             .sub = &facet_schema, .doc = "The most frequent tags, at most 100"),
};
AG_SCHEMA(ag_prompt_facets_schema, "PromptFacets", struct ag_prompt_facets,
          "What the prompt library can be filtered by", prompt_facets_fields);

static void prompt_from_row(const struct ag_rows *rows, size_t index, void *doc)
{
    const struct ag_value *row = ag_row(rows, index);
    struct ag_prompt *prompt = doc;
    *prompt = (struct ag_prompt){
        .id = row[0].uuid,
        .user_id = row[1].uuid,
        .prompt_text = row[3].str,
        .metadata = row[4].str,
        .version = row[5].num,
        .created_at = row[6].num,
        .updated_at = row[7].num,
    };
    if (row[2].type == AG_V_NULL) return;
    prompt->name = row[2].str;
    AG_SET(prompt, AG_PROMPT_NAME);
}

const struct ag_entity ag_prompt_entity = {
    .name = "prompt",
    .stmts = ag_prompt_stmts,
    .size = sizeof(struct ag_prompt),
    .from_row = prompt_from_row,
};

static struct ag_value name_value(const struct ag_prompt *prompt)
{
    return ag_v_opt(ag_doc_has(prompt, AG_PROMPT_NAME), ag_v_text(prompt->name));
}

enum ag_err ag_prompts_insert(struct ag_tx *tx, struct ag_uuid org, const struct ag_prompt *prompt)
{
    return ag_tx_exec(tx, &ag_prompt_stmts[PROMPT_INSERT],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(prompt->id), ag_v_uuid(prompt->user_id),
                              name_value(prompt), ag_v_text(prompt->prompt_text),
                              ag_v_json(prompt->metadata), ag_v_int(prompt->version),
                              ag_v_time(prompt->created_at), ag_v_time(prompt->updated_at)),
                      NULL);
}

enum ag_err ag_prompts_get(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                           struct ag_uuid id, struct ag_prompt *ret_prompt)
{
    return ag_entity_get(db, arena, &ag_prompt_entity, org, everybody, id, ret_prompt);
}

enum ag_err ag_prompts_list(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                            const struct ag_page *page, struct ag_list *ret_prompts)
{
    return ag_entity_list(db, arena, &ag_prompt_entity, org, everybody, page, ret_prompts);
}

enum ag_err ag_prompts_update(struct ag_tx *tx, struct ag_uuid org, const struct ag_prompt *prompt)
{
    return ag_tx_exec(tx, &ag_prompt_stmts[PROMPT_UPDATE],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(prompt->id), name_value(prompt),
                              ag_v_text(prompt->prompt_text), ag_v_json(prompt->metadata),
                              ag_v_int(prompt->version), ag_v_time(prompt->updated_at)),
                      NULL);
}

struct ag_str ag_prompt_sort_name(const struct ag_prompt *prompt)
{
    if (ag_doc_has(prompt, AG_PROMPT_NAME)) return prompt->name;
    size_t end = 0;
    for (int i = 0; i < 80 && end < prompt->prompt_text.len; i++)
        end += AG_MAX(ag_utf8_char(ag_str_sub(prompt->prompt_text, end, 4)), 1U);
    return ag_str_sub(prompt->prompt_text, 0, end);
}

static enum ag_err read_facets(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                               const struct ag_stmt *stmt, struct ag_list *ret_facets)
{
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, stmt, AG_BIND(ag_v_uuid(org)), &rows));
    struct ag_facet *facets = AG_ARENA_ARRAY(arena, struct ag_facet, rows.count);
    if (!facets) return ag_fail(AG_E_NO_MEMORY, "no memory for facets");
    for (size_t i = 0; i < rows.count; i++) {
        const struct ag_value *row = ag_row(&rows, i);
        facets[i] = (struct ag_facet){.value = row[0].str, .count = row[1].num};
    }
    *ret_facets = (struct ag_list){facets, rows.count};
    return AG_OK;
}

enum ag_err ag_prompts_facets(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                              struct ag_prompt_facets *ret_facets)
{
    AG_TRY(
        read_facets(db, arena, org, &ag_prompt_stmts[PROMPT_CATEGORIES], &ret_facets->categories));
    return read_facets(db, arena, org, &ag_prompt_stmts[PROMPT_TAGS], &ret_facets->tags);
}
