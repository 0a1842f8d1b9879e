/* The registry of statements: numbers them and refuses mistakes that no test may reach. */
#include "db/backend.h"

/* Every table with an org_id column but users, where it only names the organisation a person begins
 * with. In `organizations` the id is the tenant's. A test compares this list with
 * the migrations. */
static const char *const tenant_tables[] = {
    "activity_logs",  "agent_labels",
    "agent_versions", "ai_agents",
    "api_keys",       "audit_heads",
    "client_errors",  "conversations",
    "documents",      "idempotency_keys",
    "invitations",    "memberships",
    "messages",       "outbox",
    "prompt_labels",  "prompt_versions",
    "prompts",        "provider_credentials",
    "roles",          "run_stats",
    "runs",           "usage_daily",
    "webhooks",
};

struct ag_stmt ag_db_own_stmts[AG_DB_OWN_COUNT] = {
    [AG_DB_BEGIN] = {.name = "db_begin",
                     /* Said in full, so that a server-wide default cannot change what the
                      * functions were written for. */
                     .sql = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
                     .params = "",
                     .columns = ""},
    [AG_DB_COMMIT] = {.name = "db_commit", .sql = "COMMIT", .params = "", .columns = ""},
    [AG_DB_ROLLBACK] = {.name = "db_rollback", .sql = "ROLLBACK", .params = "", .columns = ""},
    [AG_DB_LOCK] = {.name = "db_lock",
                    .sql = "SELECT pg_advisory_xact_lock($1)",
                    .params = "i",
                    .columns = "t"},
    /* Until the end of the transaction, that of several queries up to one Sync included. */
    [AG_DB_TENANT] = {.name = "db_tenant",
                      .sql = "SELECT set_config('agentgen.org', $1, true)",
                      .params = "t",
                      .columns = "t"},
    [AG_DB_ROLE] = {.name = "db_role",
                    .sql = "SELECT rolsuper OR rolbypassrls FROM pg_roles "
                           "WHERE rolname = current_user",
                    .params = "",
                    .columns = "b"},
    [AG_DB_PING] = {.name = "db_ping",
                    .sql = "SELECT CAST(1 AS BIGINT)",
                    .sqlite = "SELECT count(*) FROM sqlite_schema",
                    .params = "",
                    .columns = "i"},
    [AG_DB_MIGRATIONS] = {.name = "db_migrations",
                          .sql = "SELECT version, name, checksum FROM schema_migrations "
                                 "ORDER BY version",
                          .params = "",
                          .columns = "itt"},
    [AG_DB_MIGRATION_ADD] = {.name = "db_migration_add",
                             .sql = "INSERT INTO schema_migrations "
                                    "(version, name, checksum, applied_at) "
                                    "VALUES ($1, $2, $3, $4)",
                             .params = "ittz",
                             .columns = ""},
};

static unsigned stmt_max;

unsigned ag_db_stmt_max(void)
{
    return stmt_max;
}

/* ---- reading SQL ---- */

enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_PARAM, TOKEN_OTHER };

struct token {
    enum token_kind kind;
    struct ag_str text;
    unsigned param; /* the n of $n */
};

static bool word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

size_t ag_sql_skip(const char *p)
{
    const char *end = NULL;
    if (p[0] == '-' && p[1] == '-') {
        end = strchr(p, '\n');
    } else if (p[0] == '/' && p[1] == '*') {
        end = strstr(p + 2, "*/");
        if (end) end++;
    } else if (p[0] == '\'') {
        end = strchr(p + 1, '\'');
    } else {
        return 0;
    }
    return end ? (size_t)(end - p) + 1 : strlen(p);
}

static struct token next_token(const char **sql)
{
    const char *p = *sql;
    for (;;) {
        while (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')
            p++;
        size_t n = ag_sql_skip(p);
        if (n == 0) break;
        p += n;
    }
    struct token token = {.kind = TOKEN_OTHER, .text = {p, 1}};
    const char *end = p + 1;
    if (*p == '\0') {
        token.kind = TOKEN_END;
        end = p;
    } else if (*p == '$' && p[1] >= '0' && p[1] <= '9') {
        token.kind = TOKEN_PARAM;
        for (; *end >= '0' && *end <= '9'; end++)
            token.param = AG_MIN(token.param * 10 + (unsigned)(*end - '0'), 9999);
    } else if (word_char(*p)) {
        token.kind = TOKEN_WORD;
        while (word_char(*end))
            end++;
    }
    token.text.len = (size_t)(end - p);
    *sql = end;
    return token;
}

bool ag_db_is_tenant_table(struct ag_str word)
{
    for (size_t i = 0; i < AG_COUNT(tenant_tables); i++)
        if (ag_str_eq_nocase(word, ag_str(tenant_tables[i]))) return true;
    return false;
}

/* What one text of a statement says. */
struct facts {
    unsigned highest_param;
    struct ag_str tenant_table; /* the first one named, or empty */
    bool org_named;             /* org_id occurs */
    bool org_filtered;          /* ... after the first WHERE or ON */
    bool insert;
    uint64_t org_params; /* bit n - 1: the organisation is compared with, or filled by, $n */
    /* `organizations`, where the id is what org_id is elsewhere. */
    bool org_table;
    struct ag_str org_alias; /* what it is called, or empty */
};

static void note_org_param(struct facts *facts, unsigned param)
{
    if (param > 0 && param <= AG_DB_MAX_PARAMS) facts->org_params |= UINT64_C(1) << (param - 1);
}

static bool is_word(const struct token *token, const char *word)
{
    return token->kind == TOKEN_WORD && ag_str_eq_nocase(token->text, ag_str(word));
}

static bool is_sign(const struct token *token, char sign)
{
    return token->kind == TOKEN_OTHER && token->text.data[0] == sign;
}

/* Where an INSERT (a, org_id) VALUES ($1, $2) stands. */
struct insert_place {
    enum { BEFORE, COLUMNS, BETWEEN, VALUES, BEHIND } part;
    const char *name;     /* of the column that is looked for */
    int depth;            /* of brackets inside VALUES */
    int column, org;      /* the one at hand; the one looked for, or -1 */
    unsigned value_param; /* the column's value, if it is a parameter and nothing else */
};

static void end_value(struct insert_place *at, struct facts *facts)
{
    if (at->column == at->org) note_org_param(facts, at->value_param);
    at->column++;
    at->value_param = 0;
}

static void follow_insert(struct insert_place *at, const struct token *token, struct facts *facts)
{
    switch (at->part) {
    case BEFORE:
        if (is_word(token, "organizations")) at->name = "id";
        if (is_sign(token, '(')) at->part = COLUMNS;
        return;
    case COLUMNS:
        if (is_sign(token, ',')) at->column++;
        if (is_word(token, at->name)) at->org = at->column;
        if (!is_sign(token, ')')) return;
        at->part = BETWEEN;
        at->column = 0;
        return;
    case BETWEEN:
        if (is_sign(token, '(')) at->part = VALUES;
        return;
    case VALUES:
        if (token->kind == TOKEN_PARAM) at->value_param = token->param;
        if (at->depth == 0 && (is_sign(token, ',') || is_sign(token, ')'))) end_value(at, facts);
        at->depth += is_sign(token, '(') - is_sign(token, ')');
        if (at->depth < 0) at->part = BEHIND;
        return;
    case BEHIND:
        return;
    }
}

static bool names_nothing(const struct token *token)
{
    static const char *const words[] = {"as",    "set",   "where",     "on",    "join",  "left",
                                        "inner", "order", "returning", "limit", "values"};
    if (token->kind != TOKEN_WORD) return true;
    for (size_t i = 0; i < AG_COUNT(words); i++)
        if (is_word(token, words[i])) return true;
    return false;
}

/* Whether the tokens before a parameter are "org_id =", or "o.id =" of `organizations o`. */
static bool compares_org(const struct token before[4], const struct facts *facts)
{
    if (!is_sign(&before[0], '=')) return false;
    if (is_word(&before[1], "org_id")) return true;
    if (!facts->org_table || !is_word(&before[1], "id")) return false;
    if (!is_sign(&before[2], '.')) return facts->org_alias.len == 0;
    return ag_str_eq_nocase(before[3].text, facts->org_alias) ||
           is_word(&before[3], "organizations");
}

static void read_word(const struct token *token, const struct token before[4], bool *filtering,
                      struct facts *facts)
{
    struct ag_str word = token->text;
    if (!facts->tenant_table.len && ag_db_is_tenant_table(word)) facts->tenant_table = word;
    if (is_word(token, "organizations")) facts->org_table = true;
    bool renamed = is_word(&before[0], "organizations") ||
                   (is_word(&before[0], "as") && is_word(&before[1], "organizations"));
    if (renamed && !names_nothing(token)) facts->org_alias = word;
    if (is_word(token, "where") || is_word(token, "on")) *filtering = true;
    if (is_word(token, "org_id")) {
        facts->org_named = true;
        facts->org_filtered |= *filtering;
    }
}

static struct facts read_sql(const char *sql)
{
    struct facts facts = {0};
    struct insert_place at = {.name = "org_id", .org = -1};
    struct token before[4] = {{0}}; /* the last ones, newest first */
    bool filtering = false;
    for (bool first = true;; first = false) {
        struct token token = next_token(&sql);
        if (token.kind == TOKEN_END) return facts;
        if (token.kind == TOKEN_WORD) read_word(&token, before, &filtering, &facts);
        if (token.kind == TOKEN_PARAM) {
            facts.highest_param = AG_MAX(facts.highest_param, token.param);
            if (compares_org(before, &facts)) note_org_param(&facts, token.param);
        }
        if (first) facts.insert = is_word(&token, "insert");
        if (facts.insert) follow_insert(&at, &token, &facts);
        memmove(before + 1, before, sizeof(before) - sizeof(before[0]));
        before[0] = token;
    }
}

/* ---- checking ---- */

static enum ag_err check_types(const struct ag_stmt *stmt, const char *types, const char *what,
                               size_t max)
{
    if (!types)
        return ag_fail(AG_E_CONFIG, "statement %s: %s must be \"\" when there are none", stmt->name,
                       what);
    if (strlen(types) > max)
        return ag_fail(AG_E_CONFIG, "statement %s: more than %zu %s", stmt->name, max, what);
    for (const char *p = types; *p; p++)
        if (!strchr("utjirbzx", *p))
            return ag_fail(AG_E_CONFIG, "statement %s: '%c' in %s is no type", stmt->name, *p,
                           what);
    return AG_OK;
}

static enum ag_err check_org(const struct ag_stmt *stmt, const struct facts *facts)
{
    if (stmt->no_org) return AG_OK;
    if (facts->tenant_table.len && !(facts->insert ? facts->org_named : facts->org_filtered))
        return ag_fail(AG_E_CONFIG,
                       "statement %s: table %.*s belongs to tenants, so it must %s org_id, or say "
                       "in no_org why not",
                       stmt->name, AG_STR_ARG(facts->tenant_table),
                       facts->insert ? "fill" : "filter by");
    if ((facts->tenant_table.len || facts->org_table) && facts->org_params == 0)
        return ag_fail(AG_E_CONFIG,
                       "statement %s: org_id, or the id of organizations, must equal a parameter, "
                       "as in org_id = $1",
                       stmt->name);
    return AG_OK;
}

static void note_reach(struct ag_stmt *stmt, const struct facts *facts)
{
    if (!facts->tenant_table.len && !facts->org_table) return;
    stmt->reach = stmt->no_org ? AG_REACH_ALL : AG_REACH_TENANT;
    stmt->org_params |= facts->org_params;
}

static enum ag_err check_stmt(struct ag_stmt *stmt)
{
    if (!stmt->name || !stmt->name[0]) return ag_fail(AG_E_CONFIG, "a statement has no name");
    if (!stmt->sql) return ag_fail(AG_E_CONFIG, "statement %s has no SQL", stmt->name);
    if (stmt->no_org && !stmt->no_org[0])
        return ag_fail(AG_E_CONFIG, "statement %s: no_org must give the reason", stmt->name);
    AG_TRY(check_types(stmt, stmt->params, "params", AG_DB_MAX_PARAMS));
    AG_TRY(check_types(stmt, stmt->columns, "columns", AG_DB_MAX_COLUMNS));

    struct facts facts = read_sql(stmt->sql);
    AG_TRY(check_org(stmt, &facts));
    stmt->reach = AG_REACH_NONE;
    stmt->org_params = 0;
    note_reach(stmt, &facts);
    unsigned highest = facts.highest_param;
    if (stmt->sqlite) {
        facts = read_sql(stmt->sqlite);
        AG_TRY(check_org(stmt, &facts));
        note_reach(stmt, &facts);
        highest = AG_MAX(highest, facts.highest_param);
    }
    if (highest != strlen(stmt->params))
        return ag_fail(AG_E_CONFIG, "statement %s: its highest parameter is $%u, params has %zu",
                       stmt->name, highest, strlen(stmt->params));
    return AG_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(struct ag_stmt *const *)a)->name, (*(struct ag_stmt *const *)b)->name);
}

/* Numbers the statements and gathers them in `all`. */
static enum ag_err number(const struct ag_stmt_table *tables, size_t count, struct ag_stmt **all,
                          size_t *n)
{
    for (size_t t = 0; t < count; t++) {
        for (size_t i = 0; i < tables[t].count; i++) {
            struct ag_stmt *stmt = &tables[t].stmts[i];
            AG_TRY(check_stmt(stmt));
            all[*n] = stmt;
            stmt->id = (unsigned)++*n;
        }
    }
    return AG_OK;
}

enum ag_err ag_db_register(const struct ag_stmt_table *tables, size_t count)
{
    const struct ag_stmt_table own = {.stmts = ag_db_own_stmts, .count = AG_DB_OWN_COUNT};
    size_t total = own.count, n = 0;
    for (size_t t = 0; t < count; t++)
        total += tables[t].count;
    struct ag_stmt **all = calloc(total, sizeof(struct ag_stmt *));
    if (!all) return ag_fail(AG_E_NO_MEMORY, "no memory for the statement registry");

    enum ag_err err = number(&own, 1, all, &n);
    if (err == AG_OK) err = number(tables, count, all, &n);
    if (err == AG_OK) {
        qsort(all, n, sizeof(struct ag_stmt *), by_name);
        for (size_t i = 1; i < n && err == AG_OK; i++)
            if (strcmp(all[i - 1]->name, all[i]->name) == 0)
                err = ag_fail(AG_E_CONFIG, "two statements are called %s", all[i]->name);
    }
    if (err == AG_OK) stmt_max = (unsigned)n;
    free(all);
    return err;
}
