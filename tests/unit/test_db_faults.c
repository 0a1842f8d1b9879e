/* The database when things go wrong: the registry's refusals, migrations, kills, full disks, lost
 * servers. Runs itself again as the process that is killed. */
#include "test_db.h"

#include "base/log.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sqlite3.h>
#include <sys/wait.h>

/* ---- the registry ---- */

static void assert_refused(struct ag_stmt stmt, const char *why)
{
    const struct ag_stmt_table table = {&stmt, 1};
    assert_int_equal(ag_db_register(&table, 1), AG_E_CONFIG);
    if (!strstr(ag_diag_text(AG_E_CONFIG), why))
        fail_msg("have: %s\nwant: %s", ag_diag_text(AG_E_CONFIG), why);
}

static void assert_registered(struct ag_stmt stmt)
{
    const struct ag_stmt_table table = {&stmt, 1};
    assert_ok(ag_db_register(&table, 1));
    assert_true(stmt.id > 0);
}

#define STMT(text, types, result, ...)                                                             \
    (struct ag_stmt)                                                                               \
    {                                                                                              \
        .name = "one", .sql = (text), .params = (types), .columns = (result), __VA_ARGS__          \
    }

static void the_registry_refuses_mistakes(void **state)
{
    (void)state;
    assert_refused(STMT("SELECT $1, $2", "u", "uu"), "highest parameter is $2");
    assert_refused(STMT("SELECT $1", "uu", "u"), "highest parameter is $1");
    assert_refused(STMT("SELECT '$1'", "u", "t"), "highest parameter is $0");
    assert_refused(STMT("SELECT $1", "q", "u"), "'q' in params");
    assert_refused(STMT("SELECT 1", "", NULL), "columns must be");
    assert_refused(STMT(NULL, "", ""), "no SQL");
    assert_refused((struct ag_stmt){.sql = "x", .params = "", .columns = ""}, "no name");
    assert_registered(STMT("SELECT 1 -- $9\n", "", "i"));
    assert_registered(STMT("SELECT $2, $1, $2", "ui", "iui"));
    assert_registered(STMT("SELECT $1", "uu", "u", .sqlite = "SELECT $2"));

    struct ag_stmt twins[2] = {STMT("SELECT 1", "", "i"), STMT("SELECT 2", "", "i")};
    const struct ag_stmt_table table = {twins, 2};
    assert_int_equal(ag_db_register(&table, 1), AG_E_CONFIG);
    assert_non_null(strstr(ag_diag_text(AG_E_CONFIG), "two statements are called one"));
}

static void tenant_tables_need_org_id(void **state)
{
    (void)state;
    assert_refused(STMT("SELECT id FROM runs WHERE id = $1", "u", "u"), "runs belongs to tenants");
    assert_refused(STMT("SELECT org_id FROM Ai_Agents WHERE id = $1", "u", "u"),
                   "filter by org_id");
    assert_refused(STMT("SELECT 1 FROM prompts -- WHERE org_id\n", "", "i"), "prompts");
    assert_refused(STMT("INSERT INTO api_keys (id) VALUES ($1)", "u", ""), "fill org_id");
    assert_refused(STMT("SELECT 1", "", "i", .sqlite = "SELECT 1 FROM memberships"), "memberships");
    assert_refused(STMT("SELECT 1 FROM runs", "", "i", .no_org = ""), "must give the reason");
    assert_registered(STMT("SELECT 1 FROM runs", "", "i", .no_org = "counts for metrics"));
    assert_registered(STMT("SELECT id FROM runs WHERE org_id = $1", "u", "u"));
    assert_registered(STMT("INSERT INTO runs (org_id) VALUES ($1)", "u", ""));
    assert_registered(STMT("SELECT a.id FROM users a JOIN runs b ON b.org_id = $1", "u", "u"));
    assert_refused(STMT("SELECT id FROM organizations", "", "u"), "must equal a parameter");
    assert_refused(STMT("SELECT o.id FROM organizations o JOIN users u ON u.id = $1", "u", "u"),
                   "must equal a parameter");
    assert_registered(STMT("SELECT 'runs' FROM users", "", "t"));
    /* Naming it is not enough: it must equal a parameter, so that it can be looked at. */
    assert_refused(STMT("SELECT id FROM runs WHERE org_id IS NOT NULL", "", "u"), "must equal");
    assert_refused(
        STMT("DELETE FROM runs WHERE (org_id, id) IN (SELECT org_id, id FROM runs)", "", ""),
        "must equal");
    assert_refused(STMT("INSERT INTO runs (id, org_id) SELECT id, org_id FROM runs", "", ""),
                   "must equal");
}

static void the_registry_knows_whose_rows(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *params;
        enum ag_reach reach;
        uint64_t org_params;
    } cases[] = {
        {"SELECT 1", "", AG_REACH_NONE, 0},
        {"SELECT 1 FROM users WHERE org_id = $1", "u", AG_REACH_NONE, 0},
        {"SELECT 1 FROM organizations WHERE id = $1", "u", AG_REACH_TENANT, 1},
        {"SELECT 1 FROM organizations WHERE organizations.id = $1", "u", AG_REACH_TENANT, 1},
        {"SELECT 1 FROM organizations AS o JOIN users u ON u.id = $1 AND o.id = $2", "uu",
         AG_REACH_TENANT, 2},
        {"UPDATE organizations SET x = $2 WHERE id = $1", "uu", AG_REACH_TENANT, 1},
        {"INSERT INTO organizations (x, id) VALUES ($1, $2)", "uu", AG_REACH_TENANT, 2},
        {"SELECT 1 FROM runs WHERE id = $1 AND org_id = $2", "uu", AG_REACH_TENANT, 2},
        {"SELECT 1 FROM runs a JOIN prompts b ON a.org_id=$1 AND b.org_id = $3 WHERE a.id = $2",
         "uuu", AG_REACH_TENANT, 5},
        {"SELECT 1 FROM runs WHERE org_id = $1 OR id = $2", "uu", AG_REACH_TENANT, 1},
        {"INSERT INTO runs (id, org_id, x) VALUES ($1, $2, $3)", "uuu", AG_REACH_TENANT, 2},
        {"INSERT INTO runs (id, x, org_id) VALUES (coalesce($1, $2), ($3), $4)", "uuuu",
         AG_REACH_TENANT, 8},
        {"INSERT INTO runs (org_id, id) VALUES ($2, $1) ON CONFLICT (org_id, id) DO UPDATE SET "
         "x = $3",
         "uuu", AG_REACH_TENANT, 2},
        {"UPDATE runs SET org_id = $2 WHERE org_id = $1", "uu", AG_REACH_TENANT, 3},
    };
    for (size_t i = 0; i < AG_COUNT(cases); i++) {
        struct ag_stmt stmt = STMT(cases[i].sql, cases[i].params, "");
        const struct ag_stmt_table table = {&stmt, 1};
        assert_ok(ag_db_register(&table, 1));
        if (stmt.reach != cases[i].reach || stmt.org_params != cases[i].org_params)
            fail_msg("%s: reach %d, parameters %#llx", stmt.sql, (int)stmt.reach,
                     (unsigned long long)stmt.org_params);
    }
    struct ag_stmt all = STMT("SELECT 1 FROM runs WHERE org_id = $1", "u", "", .no_org = "why");
    const struct ag_stmt_table table = {&all, 1};
    assert_ok(ag_db_register(&table, 1));
    assert_int_equal(all.reach, AG_REACH_ALL);
}

static void urls_are_checked(void **state)
{
    (void)state;
    const char *const bad[] = {"", "mysql://x",
                               "sqlite:", "sqlite::memory:", "postgres://host/db?nonsense=1"};
    for (size_t i = 0; i < AG_COUNT(bad); i++) {
        struct ag_db_options options = {.url = ag_str(bad[i]), .loops = 1};
        struct ag_db *db = NULL;
        assert_int_equal(ag_db_open(&options, &db), AG_E_CONFIG);
        assert_null(db);
    }
    struct ag_db_options options = {.url = AG_STR("sqlite:/nonexistent/a.db"), .loops = 1};
    struct ag_db *db = NULL;
    assert_int_equal(ag_db_open(&options, &db), AG_E_STORAGE);
}

/* ---- migrations ---- */

/* Each makes a table and fills it, in more than one statement. */
static const struct ag_migration steps[] = {
    {1, "one", "c1",
     "CREATE TABLE t1 (n bigint NOT NULL);\n-- a comment; with a semicolon\n"
     "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 20000)\n"
     "INSERT INTO t1 (n) SELECT n FROM c;"},
    {2, "two", "c2",
     "CREATE TABLE t2 (n bigint NOT NULL); CREATE INDEX t2_n ON t2 (n);"
     "INSERT INTO t2 (n) SELECT n FROM t1;"},
    {3, "three", "c3",
     "CREATE TABLE t3 (n bigint NOT NULL); INSERT INTO t3 (n) SELECT n FROM t2;"
     "DELETE FROM t1 WHERE n > 10000;"},
};

static enum ag_err count_rows(struct ag_tx *tx, void *arg)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_db_own_stmts[AG_DB_MIGRATIONS], NULL, 0, &rows));
    *(size_t *)arg = rows.count;
    return AG_OK;
}

static size_t applied_count(struct db_env *env)
{
    size_t count = 0;
    struct ag_arena arena;
    ag_arena_init(&arena);
    assert_ok(ag_db_write(env->db, &arena, count_rows, &count));
    ag_arena_done(&arena);
    return count;
}

static void assert_config(enum ag_err err, const char *text)
{
    assert_int_equal(err, AG_E_CONFIG);
    if (!strstr(ag_diag_text(err), text)) fail_msg("have: %s", ag_diag_text(err));
}

static void migrate_body(struct db_env *env)
{
    int applied = -1;
    assert_ok(ag_db_migrate_list(env->db, steps, 1, &applied));
    assert_int_equal(applied, 1);
    assert_ok(ag_db_migrate_list(env->db, steps, 3, &applied));
    assert_int_equal(applied, 2);
    assert_ok(ag_db_migrate_list(env->db, steps, 3, &applied));
    assert_int_equal(applied, 0);

    applied = 77;
    assert_config(ag_db_migrate_list(env->db, steps, 2, &applied), "newer agentgen");
    struct ag_migration changed[3] = {steps[0], steps[1], steps[2]};
    changed[1].checksum = "other";
    assert_config(ag_db_migrate_list(env->db, changed, 3, &applied), "migration 2 (two) is not");
    const struct ag_migration gap[2] = {steps[0], steps[2]};
    assert_config(ag_db_migrate_list(env->db, gap, 2, &applied), "is missing");
    assert_int_equal(applied, 77);
    assert_int_equal(applied_count(env), 3);
}

static void migrations_apply_once_and_in_order(void **state)
{
    on_db(*state, migrate_body);
}

static void broken_migration_body(struct db_env *env)
{
    int applied = 77;
    const struct ag_migration broken[] = {
        steps[0],
        {2, "broken", "c2", "CREATE TABLE kept (n bigint); INSERT INTO missing VALUES (1);"}};
    assert_int_equal(ag_db_migrate_list(env->db, broken, 2, &applied), AG_E_INTERNAL);
    assert_int_equal(applied_count(env), 1);
    const struct ag_migration mended[] = {steps[0],
                                          {2, "broken", "c2b", "CREATE TABLE kept (n bigint)"}};
    assert_ok(ag_db_migrate_list(env->db, mended, 2, &applied));
    assert_int_equal(applied, 1);
}

static void a_failed_migration_leaves_nothing(void **state)
{
    on_db(*state, broken_migration_body);
}

static void rebuild_body(struct db_env *env)
{
    const struct ag_migration sqlite[] = {
        {1, "tables", "c1",
         "CREATE TABLE a (id INTEGER PRIMARY KEY); INSERT INTO a VALUES (1), (2);"
         "CREATE TABLE b (a INTEGER REFERENCES a (id) ON DELETE CASCADE);"
         "INSERT INTO b VALUES (1), (2), (2);"},
        {2, "rebuild", "c2",
         "CREATE TABLE a2 (id INTEGER PRIMARY KEY, note TEXT); INSERT INTO a2 SELECT id, '' FROM a;"
         "DROP TABLE a; ALTER TABLE a2 RENAME TO a;"
         "CREATE TABLE proof (n INTEGER CHECK (n = 3)); INSERT INTO proof SELECT count(*) FROM b;"},
        {3, "orphans", "c3", "DELETE FROM a WHERE id = 1;"},
    };
    int applied;
    if (env->postgres) return;
    assert_ok(ag_db_migrate_list(env->db, sqlite, 2, &applied));
    assert_int_equal(ag_db_migrate_list(env->db, sqlite, 3, &applied), AG_E_CONFLICT);
    assert_int_equal(applied_count(env), 2);
    /* Foreign keys are checked again. */
    const struct ag_migration more[] = {sqlite[0], sqlite[1], {3, "more", "c3", tables_sqlite}};
    assert_ok(ag_db_migrate_list(env->db, more, 3, &applied));
    struct note orphan = note_make("orphan", 0);
    orphan.parent = ag_v_uuid(ag_uuid_new());
    assert_int_equal(write_note(env, &orphan), AG_E_CONFLICT);
}

static void a_table_is_rebuilt_without_losing_what_refers_to_it(void **state)
{
    on_db(*state, rebuild_body);
}

static void own_migrations_body(struct db_env *env)
{
    int applied;
    assert_ok(ag_db_migrate(env->db, &applied));
    assert_int_equal(applied, ag_migrations_count);
    assert_ok(ag_db_migrate(env->db, &applied));
    assert_int_equal(applied, 0);
}

static void the_built_in_migrations_apply(void **state)
{
    on_db(*state, own_migrations_body);
}

static void every_table_with_org_id_is_a_tenants(void **state)
{
    struct db_env *env = *state;
    if (env->postgres) return; /* both dialects have the same tables */
    on_db(env, own_migrations_body);
    sqlite3 *db;
    sqlite3_stmt *tables;
    int count = 0;
    assert_int_equal(sqlite3_open(env->url + strlen("sqlite:"), &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db,
                           "SELECT t.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c "
                           "WHERE t.type = 'table' AND c.name = 'org_id' AND t.name <> 'users'",
                           -1, &tables, NULL),
        SQLITE_OK);
    for (; sqlite3_step(tables) == SQLITE_ROW; count++) {
        const char *name = (const char *)sqlite3_column_text(tables, 0);
        if (!ag_db_is_tenant_table(ag_str(name)))
            fail_msg("%s is not in the list of tenant tables of src/db/registry.c", name);
    }
    sqlite3_finalize(tables);
    sqlite3_close(db);
    assert_true(count >= 5);
}

static int applied_together;
static pthread_mutex_t applied_lock = PTHREAD_MUTEX_INITIALIZER;

static void migrate_together(struct db_env *env)
{
    int applied;
    assert_ok(ag_db_migrate_list(env->db, steps, 3, &applied));
    pthread_mutex_lock(&applied_lock);
    applied_together += applied;
    pthread_mutex_unlock(&applied_lock);
}

static void *other_server(void *arg)
{
    on_db(arg, migrate_together);
    return NULL;
}

static void two_servers_migrate_at_once(void **state)
{
    struct db_env other = *(struct db_env *)*state;
    pthread_t thread;
    applied_together = 0;
    assert_int_equal(pthread_create(&thread, NULL, other_server, &other), 0);
    on_db(*state, migrate_together);
    pthread_join(thread, NULL);
    assert_int_equal(applied_together, 3);
}

/* ---- processes that are killed ---- */

/* Starts this program again; what it writes comes out of `*ret_out`. */
static pid_t start_self(const char *task, const char *url, const char *faults, int *ret_out)
{
    int out[2];
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    char *argv[] = {(char *)"test-db_faults", (char *)task, (char *)url, (char *)faults, NULL};
    extern char **environ;
    pid_t pid;
    assert_int_equal(posix_spawn(&pid, "/proc/self/exe", &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(out[1]);
    *ret_out = out[0];
    return pid;
}

static void kill_and_wait(pid_t pid)
{
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void sleep_ms(int ms)
{
    usleep((useconds_t)ms * 1000);
}

static void child_migrate(struct db_env *env)
{
    int applied;
    if (ag_db_migrate_list(env->db, steps, 3, &applied) != AG_OK) _exit(1);
}

static void finish_migrations(struct db_env *env)
{
    int applied;
    assert_ok(ag_db_migrate_list(env->db, steps, 3, &applied));
    assert_int_equal(applied_count(env), 3);
}

static void a_killed_migration_is_completed_later(void **state)
{
    struct db_env *env = *state;
    for (int delay_ms = 1; delay_ms < 60; delay_ms += 4) {
        int out;
        pid_t pid = start_self("migrate", env->url, "", &out);
        sleep_ms(delay_ms);
        kill_and_wait(pid);
        close(out);
    }
    on_db(env, finish_migrations);
}

/* Writes notes with 16 fibers for ever, and the name of each acknowledged one to standard output.
 */
static void ledger_main(void *arg)
{
    struct db_env *env = arg;
    for (int n = 0;; n++) {
        struct note note = note_make("%d", n);
        snprintf(note.name, sizeof(note.name), "%08x%d", ag_random_below(UINT32_MAX), n);
        if (write_note(env, &note) != AG_OK) continue;
        char line[40];
        int len = snprintf(line, sizeof(line), "%s\n", note.name);
        if (write(STDOUT_FILENO, line, (size_t)len) != len) _exit(1);
    }
}

static void child_ledger(struct db_env *env)
{
    make_tables(env);
    for (int i = 0; i < 16; i++)
        if (ag_fiber_spawn("ledger", ledger_main, env) != AG_OK) _exit(1);
    while (ag_fiber_sleep(1000) == AG_OK) {}
}

static FILE *ledger;
static int acknowledged, missing;

static void compare_ledger(struct db_env *env)
{
    char line[64];
    struct ag_arena arena;
    struct ag_rows rows;
    ag_arena_init(&arena);
    make_tables(env);
    assert_ok(ag_db_read(env->db, &arena, &stmts[NOTE_LIST], AG_BIND(ag_v_int(1000000)), &rows));
    while (fgets(line, sizeof(line), ledger)) {
        size_t len = strcspn(line, "\n");
        if (line[len] != '\n') break; /* cut off by the kill: never seen whole by anybody */
        acknowledged++;
        bool found = false;
        for (size_t i = 0; i < rows.count && !found; i++)
            found = ag_str_eq(ag_row(&rows, i)[0].str, ag_str_n(line, len));
        missing += !found;
    }
    ag_arena_done(&arena);
}

static void run_ledger(struct db_env *env, const char *faults, int run_ms)
{
    int out;
    pid_t pid = start_self("ledger", env->url, faults, &out);
    ledger = fdopen(out, "r");
    assert_non_null(ledger);
    /* From the first acknowledgement on. */
    ungetc(fgetc(ledger), ledger);
    sleep_ms(run_ms);
    kill_and_wait(pid);
    acknowledged = missing = 0;
    on_db(env, compare_ledger);
    fclose(ledger);
}

static void what_was_acknowledged_outlives_a_kill(void **state)
{
    for (int i = 0; i < 3; i++) {
        run_ledger(*state, "", 20 + i * 30);
        assert_true(acknowledged > 0);
        assert_int_equal(missing, 0);
    }
}

static void an_early_acknowledgement_is_caught(void **state)
{
    struct db_env *env = *state;
    /* Needs faults, and the writer thread, which SQLite alone has. */
    if (ag_fault_arm(AG_STR("slow_commit=0")) != AG_OK || env->postgres) return;
    run_ledger(env, "ack_before_commit=-1,slow_commit=-1", 20);
    assert_true(acknowledged > 0);
    assert_true(missing > 0);
}

static int run_child(char **argv)
{
    struct db_env env = {
        .postgres = ag_str_starts_with(ag_str(argv[2]), AG_STR("postgres")),
        .options = {.url = ag_str(argv[2]), .loops = 1},
    };
    const struct ag_stmt_table table = {stmts, STMT_COUNT};
    if (ag_db_register(&table, 1) != AG_OK) return 1;
    if (argv[3][0] && ag_fault_arm(ag_str(argv[3])) != AG_OK) return 1;
    on_db(&env, strcmp(argv[1], "migrate") == 0 ? child_migrate : child_ledger);
    return 0;
}

/* ---- faults ---- */

#ifdef AG_DEBUG
static void faults_body(struct db_env *env)
{
    make_tables(env);
    struct note one = note_make("one", 0), two = note_make("two", 0);
    assert_ok(ag_fault_arm(AG_STR("commit=1")));
    assert_int_equal(write_note(env, &one), AG_E_STORAGE_FULL);
    assert_non_null(strstr(ag_diag_text(AG_E_STORAGE_FULL), "fault"));
    assert_int_equal(count_notes(env), 0);
    assert_ok(write_note(env, &two));
    assert_int_equal(count_notes(env), 1);

    struct ag_arena arena;
    struct ag_rows rows;
    ag_arena_init(&arena);
    assert_ok(ag_fault_arm(AG_STR("db_read=1")));
    assert_int_equal(ag_db_read(env->db, &arena, &stmts[NOTE_COUNT], NULL, 0, &rows), AG_E_STORAGE);
    assert_int_equal(count_notes(env), 1);

    int64_t start = ag_mono_ms();
    assert_ok(ag_fault_arm(AG_STR("slow_commit=1")));
    assert_ok(write_note(env, &one));
    assert_in_range(ag_mono_ms() - start, 490, 5000);
    ag_arena_done(&arena);
}

static void faults_are_reported_and_over(void **state)
{
    on_db(*state, faults_body);
}

static struct db_env *torture_env;

static enum ag_err write_and_read(void *arg)
{
    struct ag_arena arena;
    struct ag_rows rows;
    struct note note = note_make("%d", 0);
    snprintf(note.name, sizeof(note.name), "%08x", ag_random_below(UINT32_MAX));
    ag_arena_init(&arena);
    enum ag_err err = ag_db_write(torture_env->db, &arena, put_note, &note);
    if (err == AG_OK)
        err = ag_db_read(torture_env->db, &arena, &stmts[NOTE_GET],
                         AG_BIND(ag_v_uuid(note.id), ag_v_text(ag_str(note.name))), &rows);
    ag_arena_done(&arena);
    return err;
}

static void torture_body(struct db_env *env)
{
    make_tables(env);
    torture_env = env;
    assert_true(torture(write_and_read, NULL) > 0);
}

static void allocations_may_fail(void **state)
{
    on_db(*state, torture_body);
}
#endif

/* ---- the server goes away ---- */

struct outage {
    struct db_env *env;
    int64_t until_ms;
    int good, storage, other, late;
};

static void outage_writer(void *arg)
{
    struct outage *o = arg;
    while (ag_mono_ms() < o->until_ms) {
        struct note note = note_make("%d", 0);
        snprintf(note.name, sizeof(note.name), "%08x", ag_random_below(UINT32_MAX));
        int64_t start = ag_mono_ms();
        enum ag_err err = write_note(o->env, &note);
        o->late += ag_mono_ms() - start > 5000;
        o->good += err == AG_OK;
        o->storage += err == AG_E_STORAGE;
        o->other += err != AG_OK && err != AG_E_STORAGE;
    }
}

static void outage_reader(void *arg)
{
    struct outage *o = arg;
    while (ag_mono_ms() < o->until_ms) {
        struct ag_arena arena;
        struct ag_rows rows;
        ag_arena_init(&arena);
        enum ag_err err = ag_db_read(o->env->db, &arena, &stmts[NOTE_COUNT], NULL, 0, &rows);
        ag_arena_done(&arena);
        o->good += err == AG_OK;
        o->other += err != AG_OK;
    }
}

/* Ends all connections of the test's database, from another thread: it blocks. */
static void *cut_connections(void *arg)
{
    struct db_env *env = arg;
    char sql[160];
    snprintf(sql, sizeof(sql),
             "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '%s'",
             env->name);
    for (int i = 0; i < 4; i++) {
        sleep_ms(150);
        pg_admin(env, sql);
    }
    return NULL;
}

static void outage_body(struct db_env *env)
{
    if (!env->postgres) return;
    make_tables(env);
    ag_log_set_level(AG_LOG_ERROR);
    struct outage writes = {.env = env, .until_ms = ag_mono_ms() + 1000}, reads = writes;
    struct ag_fiber *fibers[32];
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, cut_connections, env), 0);
    for (int i = 0; i < 32; i++)
        assert_ok(ag_fiber_spawn_joinable("outage", i % 2 ? outage_writer : outage_reader,
                                          i % 2 ? &writes : &reads, &fibers[i]));
    for (int i = 0; i < 32; i++)
        ag_fiber_join(fibers[i]);
    pthread_join(thread, NULL);
    ag_log_set_level(AG_LOG_INFO);
    /* A transaction fails only when it was cut while committing; a read never. */
    assert_int_equal(writes.other, 0);
    assert_int_equal(writes.late, 0);
    assert_in_range(writes.storage, 0, 4 * 8);
    assert_int_equal(reads.other, 0);
    assert_true(writes.good > 0 && reads.good > 0);
    assert_in_range(count_notes(env), writes.good, writes.good + writes.storage);
    struct ag_db_stats stats;
    ag_db_stats(env->db, &stats);
    assert_true(stats.reconnects > 0);
}

static void lost_connections_heal(void **state)
{
    on_db(*state, outage_body);
}

static void attach_nowhere(void *arg)
{
    struct db_env *env = arg;
    int64_t start = ag_mono_ms();
    assert_int_equal(ag_db_attach(env->db), AG_E_STORAGE);
    assert_in_range(ag_mono_ms() - start, 0, 2000);
    ag_db_detach(env->db);
}

static void no_server_is_a_storage_error(void **state)
{
    (void)state;
    struct db_env env = {.options = {.url = AG_STR("postgres://nobody@127.0.0.1:1/none"),
                                     .loops = 1,
                                     .timeout_ms = 500}};
    assert_ok(ag_db_open(&env.options, &env.db));
    struct ag_loop *loop;
    assert_ok(ag_loop_new(0, &loop));
    assert_ok(ag_fiber_spawn("test", attach_nowhere, &env));
    ag_loop_stop(loop);
    ag_loop_run(loop);
    ag_loop_free(loop);
    ag_db_close(env.db);
}

int main(int argc, char **argv)
{
    if (argc == 4) return run_child(argv);
    const struct CMUnitTest plain[] = {
        cmocka_unit_test(the_registry_refuses_mistakes),
        cmocka_unit_test(tenant_tables_need_org_id),
        cmocka_unit_test(the_registry_knows_whose_rows),
        cmocka_unit_test(urls_are_checked),
        cmocka_unit_test(no_server_is_a_storage_error),
    };
    const struct CMUnitTest tests[] = {
        db_test(migrations_apply_once_and_in_order),
        db_test(a_failed_migration_leaves_nothing),
        db_test(a_table_is_rebuilt_without_losing_what_refers_to_it),
        db_test(the_built_in_migrations_apply),
        db_test(every_table_with_org_id_is_a_tenants),
        db_test(two_servers_migrate_at_once),
        db_test(a_killed_migration_is_completed_later),
        db_test(what_was_acknowledged_outlives_a_kill),
        db_test(an_early_acknowledgement_is_caught),
#ifdef AG_DEBUG
        db_test(faults_are_reported_and_over),
        db_test(allocations_may_fail),
#endif
        db_test(lost_connections_heal),
    };
    int failed = cmocka_run_group_tests_name("db registry", plain, NULL, NULL);
    return failed + run_on_databases(tests, "db faults");
}
