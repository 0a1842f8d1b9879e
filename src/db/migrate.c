/*
 * Migrations. Each is one transaction that looks at what is there, applies the next missing one and
 * records it, all under one lock; so several servers may start at once, and one that is killed
 * leaves either the state before or the state after.
 */
#include "db/migrate.h"

#include "db/backend.h"

/* Any constant that no other lock uses: "agentgen" in ASCII. */
static const int64_t lock_key = 0x6167656e7467656e;

static const char create_postgres[] = "CREATE TABLE IF NOT EXISTS schema_migrations ("
                                      "version bigint PRIMARY KEY, name text NOT NULL, "
                                      "checksum text NOT NULL, applied_at timestamptz NOT NULL)";
static const char create_sqlite[] = "CREATE TABLE IF NOT EXISTS schema_migrations ("
                                    "version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, "
                                    "checksum TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT";

struct migrate_step {
    const struct ag_migration *list;
    size_t count;
    bool postgres;
    bool applied; /* out: one was missing and is there now */
};

/* Compares what the database has with what the program knows. */
static enum ag_err check_applied(const struct migrate_step *s, const struct ag_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        const struct ag_value *row = ag_row(rows, i);
        long long version = (long long)row[0].num;
        if (i >= s->count)
            return ag_fail(
                AG_E_CONFIG,
                "this database was made by a newer agentgen: it has migration %lld (%.*s), "
                "this program knows %zu; start the newer program, or restore the backup "
                "made before the update",
                version, AG_STR_ARG(row[1].str), s->count);
        const struct ag_migration *known = &s->list[i];
        if (version != known->version)
            return ag_fail(
                AG_E_CONFIG,
                "migration %d (%s) is missing in this database though a later one, %lld, "
                "was applied",
                known->version, known->name, version);
        if (!ag_str_eq(row[2].str, ag_str(known->checksum)))
            return ag_fail(
                AG_E_CONFIG,
                "migration %d (%s) is not the one that was applied to this database: its "
                "checksum was %.*s and is %s",
                known->version, known->name, AG_STR_ARG(row[2].str), known->checksum);
    }
    return AG_OK;
}

static enum ag_err apply_next(struct ag_tx *tx, void *arg)
{
    struct migrate_step *s = arg;
    s->applied = false;
    struct ag_rows rows;
    AG_TRY(ag_tx_lock(tx, lock_key));
    AG_TRY(ag_tx_script(tx, s->postgres ? create_postgres : create_sqlite));
    AG_TRY(ag_tx_exec(tx, &ag_db_own_stmts[AG_DB_MIGRATIONS], NULL, 0, &rows));
    AG_TRY(check_applied(s, &rows));
    if (rows.count == s->count) return AG_OK;

    const struct ag_migration *next = &s->list[rows.count];
    enum ag_err err = ag_tx_script(tx, next->sql);
    if (err != AG_OK) return ag_fail_more(err, "migration %d (%s)", next->version, next->name);
    AG_TRY(ag_tx_exec(tx, &ag_db_own_stmts[AG_DB_MIGRATION_ADD],
                      AG_BIND(ag_v_int(next->version), ag_v_text(ag_str(next->name)),
                              ag_v_text(ag_str(next->checksum)), ag_v_time(ag_wall_ms())),
                      NULL));
    s->applied = true;
    return AG_OK;
}

enum ag_err ag_db_migrate_list(struct ag_db *db, const struct ag_migration *list, size_t count,
                               int *ret_applied)
{
    struct migrate_step s = {.list = list, .count = count, .postgres = ag_db_is_postgres(db)};
    int applied = 0;
    do {
        struct ag_arena arena;
        ag_arena_init(&arena);
        enum ag_err err = ag_db_write_mode(db, &arena, apply_next, &s, AG_DB_ALONE);
        ag_arena_done(&arena);
        AG_TRY(err);
        applied += s.applied;
    } while (s.applied);
    *ret_applied = applied;
    return AG_OK;
}

enum ag_err ag_db_migrate(struct ag_db *db, int *ret_applied)
{
    return ag_db_migrate_list(db,
                              ag_db_is_postgres(db) ? ag_migrations_postgres : ag_migrations_sqlite,
                              ag_migrations_count, ret_applied);
}
