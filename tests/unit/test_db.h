/*
 * What the database tests share: every test runs on SQLite in a folder of its own and, when
 * TEST_DATABASE_URL names a server, on PostgreSQL in a database of its own.
 */
#pragma once

#include "test_help.h"

#include "base/id.h"
#include "db/backend.h"
#include "db/migrate.h"
#include "runtime/loop.h"
#include "runtime/offload.h"

#include <libpq-fe.h>
#include <sys/stat.h>
#include <unistd.h>

/* Says what went wrong, too. */
#undef assert_ok
#define assert_ok(expr)                                                                            \
    do {                                                                                           \
        enum ag_err _result = (expr);                                                              \
        if (_result != AG_OK) print_error("%s\n", ag_diag_text(_result));                          \
        assert_int_equal(_result, AG_OK);                                                          \
    } while (0)

struct db_env {
    bool postgres;
    char url[1200];
    char admin_url[1024]; /* PostgreSQL: TEST_DATABASE_URL */
    char name[64];        /* PostgreSQL: the database's name */
    char dir[64];         /* SQLite: the folder */
    struct ag_db_options options;
    struct ag_db *db; /* while a test runs */
    void (*fn)(struct db_env *env);
};

static inline AG_UNUSED void no_notice(void *arg, const char *text)
{
    (void)arg;
    (void)text;
}

/* One statement outside of the code under test. */
static inline AG_UNUSED void pg_admin(struct db_env *env, const char *sql)
{
    PGconn *pg = PQconnectdb(env->admin_url);
    PQsetNoticeProcessor(pg, no_notice, NULL);
    PGresult *result = PQexec(pg, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        print_error("%s: %s\n", sql, PQerrorMessage(pg));
    PQclear(result);
    PQfinish(pg);
    assert_true(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK);
}

static inline AG_UNUSED int sqlite_group(void **state)
{
    static struct db_env env;
    env = (struct db_env){.postgres = false};
    *state = &env;
    return 0;
}

static inline AG_UNUSED int postgres_group(void **state)
{
    static struct db_env env;
    env = (struct db_env){.postgres = true};
    snprintf(env.admin_url, sizeof(env.admin_url), "%s", getenv("TEST_DATABASE_URL"));
    snprintf(env.name, sizeof(env.name), "agentgen_unit_%d", (int)getpid());
    snprintf(env.url, sizeof(env.url), "%s%cdbname=%s", env.admin_url,
             strchr(env.admin_url, '?') ? '&' : '?', env.name);
    *state = &env;
    return 0;
}

static inline AG_UNUSED int db_setup(void **state)
{
    struct db_env *env = *state;
    char sql[128];
    if (env->postgres) {
        snprintf(sql, sizeof(sql), "DROP DATABASE IF EXISTS %s WITH (FORCE)", env->name);
        pg_admin(env, sql);
        snprintf(sql, sizeof(sql), "CREATE DATABASE %s TEMPLATE template0 ENCODING 'UTF8'",
                 env->name);
        pg_admin(env, sql);
    } else {
        snprintf(env->dir, sizeof(env->dir), "/tmp/agentgen-db-XXXXXX");
        assert_non_null(mkdtemp(env->dir));
        snprintf(env->url, sizeof(env->url), "sqlite:%s/test.db", env->dir);
    }
    env->options = (struct ag_db_options){.url = ag_str(env->url), .loops = 1};
    return 0;
}

static inline AG_UNUSED int db_teardown(void **state)
{
    struct db_env *env = *state;
    char text[128];
    if (env->postgres) {
        snprintf(text, sizeof(text), "DROP DATABASE IF EXISTS %s WITH (FORCE)", env->name);
        pg_admin(env, text);
        return 0;
    }
    const char *const names[] = {"test.db", "test.db-wal", "test.db-shm"};
    for (size_t i = 0; i < AG_COUNT(names); i++) {
        snprintf(text, sizeof(text), "%s/%s", env->dir, names[i]);
        unlink(text);
    }
    assert_int_equal(rmdir(env->dir), 0);
    return 0;
}

static inline AG_UNUSED void on_db_main(void *arg)
{
    struct db_env *env = arg;
    assert_ok(ag_db_attach(env->db));
    env->fn(env);
    ag_db_detach(env->db);
}

/* Runs `fn` on a fiber of a loop that is attached to the environment's open database. */
static inline AG_UNUSED void on_open_db(struct db_env *env, unsigned index,
                                        void (*fn)(struct db_env *env))
{
    struct ag_loop *loop;
    env->fn = fn;
    assert_ok(ag_loop_new(index, &loop));
    assert_ok(ag_fiber_spawn("test", on_db_main, env));
    ag_loop_stop(loop);
    ag_loop_run(loop);
    ag_loop_free(loop);
    ag_arena_pool_done();
}

/* The same, opening and closing the database around it. */
static inline AG_UNUSED void on_db(struct db_env *env, void (*fn)(struct db_env *env))
{
    assert_ok(ag_db_open(&env->options, &env->db));
    on_open_db(env, 0, fn);
    ag_db_close(AG_TAKE(env->db));
}

/* ---- the tables of the tests ---- */

enum {
    TYPES_PUT,
    TYPES_GET,
    NOTE_PUT,
    NOTE_GET,
    NOTE_LIST,
    NOTE_COUNT,
    NOTE_RENAME,
    NOTE_DELETE,
    NOTE_PUT_RETURNING,
    ABS,
    SLOW,
    BROKEN,
    LIKE,
    WRITES,
    STMT_COUNT
};

static struct ag_stmt stmts[STMT_COUNT] = {
    [TYPES_PUT] = {.name = "types_put",
                   .sql = "INSERT INTO types (id, t, j, i, r, b, z, x) "
                          "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                   .params = "utjirbzx",
                   .columns = ""},
    [TYPES_GET] = {.name = "types_get",
                   .sql = "SELECT id, t, j, i, r, b, z, x FROM types WHERE id = $1",
                   .params = "u",
                   .columns = "utjirbzx"},
    [NOTE_PUT] = {.name = "note_put",
                  .sql = "INSERT INTO notes (id, name, parent) VALUES ($1, $2, $3)",
                  .params = "utu",
                  .columns = ""},
    /* Parameters out of order, one of them twice. */
    [NOTE_GET] = {.name = "note_get",
                  .sql = "SELECT id, name FROM notes WHERE name = $2 AND id = $1 AND id = $1",
                  .params = "ut",
                  .columns = "ut"},
    [NOTE_LIST] = {.name = "note_list",
                   .sql = "SELECT name FROM notes ORDER BY name LIMIT $1",
                   .params = "i",
                   .columns = "t"},
    [NOTE_COUNT] = {.name = "note_count",
                    .sql = "SELECT count(*) FROM notes",
                    .params = "",
                    .columns = "i"},
    [NOTE_RENAME] = {.name = "note_rename",
                     .sql = "UPDATE notes SET name = $2 WHERE name = $1",
                     .params = "tt",
                     .columns = ""},
    [NOTE_DELETE] = {.name = "note_delete",
                     .sql = "DELETE FROM notes WHERE name = $1",
                     .params = "t",
                     .columns = ""},
    [NOTE_PUT_RETURNING] = {.name = "note_put_returning",
                            .sql = "INSERT INTO notes (id, name) VALUES ($1, $2) "
                                   "RETURNING name, id",
                            .params = "ut",
                            .columns = "tu"},
    /* Fails at run time for the smallest integer. */
    [ABS] = {.name = "abs", .sql = "SELECT abs($1)", .params = "i", .columns = "i"},
    [SLOW] = {.name = "slow",
              .sql = "SELECT CAST(1 AS BIGINT) FROM pg_sleep($1)",
              .sqlite = "SELECT 1 WHERE $1 >= 0",
              .params = "r",
              .columns = "i"},
    [BROKEN] = {.name = "broken",
                .sql = "SELECT nothing FROM nowhere",
                .params = "",
                .columns = "i"},
    [LIKE] = {.name = "like",
              .sql = "SELECT $1 LIKE $2 ESCAPE '\\'",
              .params = "tt",
              .columns = "b"},
    [WRITES] = {.name = "writes",
                .sql = "DELETE FROM notes RETURNING name",
                .params = "",
                .columns = "t"},
};

static const char tables_sqlite[] =
    "CREATE TABLE types (id TEXT PRIMARY KEY, t TEXT, j TEXT CHECK (j IS NULL OR json_valid(j)), i "
    "INTEGER,"
    " r REAL, b INTEGER, z TEXT, x BLOB) STRICT;"
    "CREATE TABLE notes (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
    " parent TEXT REFERENCES notes (id)) STRICT;";
static const char tables_postgres[] =
    "CREATE TABLE types (id uuid PRIMARY KEY, t text, j jsonb, i bigint,"
    " r double precision, b boolean, z timestamptz, x bytea);"
    "CREATE TABLE notes (id uuid PRIMARY KEY, name text NOT NULL UNIQUE,"
    " parent uuid REFERENCES notes (id));";

static inline AG_UNUSED void make_tables(struct db_env *env)
{
    const struct ag_migration list[] = {
        {1, "tables", "none", env->postgres ? tables_postgres : tables_sqlite}};
    int applied;
    assert_ok(ag_db_migrate_list(env->db, list, 1, &applied));
}

static inline AG_UNUSED int64_t count_notes(struct db_env *env)
{
    struct ag_arena arena;
    struct ag_rows rows;
    ag_arena_init(&arena);
    assert_ok(ag_db_read(env->db, &arena, &stmts[NOTE_COUNT], NULL, 0, &rows));
    assert_int_equal(rows.count, 1);
    int64_t count = ag_row(&rows, 0)[0].num;
    ag_arena_done(&arena);
    return count;
}

/* A note to write; `fail` is returned after the insert, `twice` inserts its name again. */
struct note {
    struct ag_uuid id;
    char name[32];
    struct ag_value parent;
    enum ag_err fail;
    bool twice;
};

static inline AG_UNUSED struct note note_make(const char *format, int n)
{
    struct note note = {.id = ag_uuid_new()};
    snprintf(note.name, sizeof(note.name), format, n);
    return note;
}

static inline AG_UNUSED enum ag_err put_note(struct ag_tx *tx, void *arg)
{
    const struct note *note = arg;
    AG_TRY(ag_tx_exec(tx, &stmts[NOTE_PUT],
                      AG_BIND(ag_v_uuid(note->id), ag_v_text(ag_str(note->name)), note->parent),
                      NULL));
    if (note->fail != AG_OK) return ag_fail(note->fail, "told to fail");
    if (note->twice)
        return ag_tx_exec(
            tx, &stmts[NOTE_PUT],
            AG_BIND(ag_v_uuid(ag_uuid_new()), ag_v_text(ag_str(note->name)), ag_v_null()), NULL);
    return AG_OK;
}

static inline AG_UNUSED enum ag_err write_note(struct db_env *env, struct note *note)
{
    struct ag_arena arena;
    ag_arena_init(&arena);
    enum ag_err err = ag_db_write(env->db, &arena, put_note, note);
    ag_arena_done(&arena);
    return err;
}

/* Runs the tests on each database there is. */
#define run_on_databases(tests, name) run_statements(stmts, tests, name)
#define run_statements(own_stmts, tests, name)                                                     \
    ({                                                                                             \
        const struct ag_stmt_table _table = {own_stmts, AG_COUNT(own_stmts)};                      \
        assert_ok(ag_db_register(&_table, 1));                                                     \
        int _failed = cmocka_run_group_tests_name(name " on SQLite", tests, sqlite_group, NULL);   \
        if (getenv("TEST_DATABASE_URL") && getenv("TEST_DATABASE_URL")[0])                         \
            _failed += cmocka_run_group_tests_name(name " on PostgreSQL", tests, postgres_group,   \
                                                   NULL);                                          \
        ag_offload_done();                                                                         \
        _failed;                                                                                   \
    })
#define db_test(fn) cmocka_unit_test_setup_teardown(fn, db_setup, db_teardown)
