/* Tenants kept apart by the database: what a statement may name, and what PostgreSQL's row-level
 * security shows when a statement forgets to filter. */
#include "test_db.h"

enum { PUT, COUNT_OWN, COUNT_OPEN, PUT_OPEN, MOVE, COUNT_ALL, FAILS, WALL_STMTS };

/* The open ones pass the registry and are wrong all the same. */
static struct ag_stmt wall_stmts[WALL_STMTS] = {
    [PUT] = {.name = "wall_put",
             .sql = "INSERT INTO run_stats (hours, org_id, at, data) VALUES (24, $1, $2, $3)",
             .params = "uzx",
             .columns = ""},
    [COUNT_OWN] = {.name = "wall_count",
                   .sql = "SELECT count(*) FROM run_stats WHERE org_id = $1",
                   .params = "u",
                   .columns = "i"},
    [COUNT_OPEN] = {.name = "wall_count_open",
                    .sql = "SELECT count(*) FROM run_stats WHERE org_id = $1 OR 1 = 1",
                    .params = "u",
                    .columns = "i"},
    [PUT_OPEN] = {.name = "wall_put_open",
                  .sql = "INSERT INTO run_stats (org_id, hours, at, data) SELECT $2, 24, $3, $4 "
                         "FROM (SELECT CAST($1 AS uuid) AS org_id) AS own WHERE org_id = $1",
                  .params = "uuzx",
                  .columns = ""},
    [MOVE] = {.name = "wall_move",
              .sql = "UPDATE run_stats SET org_id = $2 WHERE org_id = $1",
              .params = "uu",
              .columns = ""},
    [COUNT_ALL] = {.name = "wall_count_all",
                   .sql = "SELECT count(*) FROM run_stats",
                   .params = "",
                   .columns = "i",
                   .no_org = "counts everybody's"},
    [FAILS] = {.name = "wall_fails",
               .sql = "SELECT abs($2) FROM (SELECT 1) AS one WHERE 1 = 1 OR EXISTS "
                      "(SELECT 1 FROM run_stats WHERE org_id = $1)",
               .params = "ui",
               .columns = "i"},
};

/* ---- an ordinary role that owns its database ---- */

static int wall_setup(void **state)
{
    struct db_env *env = *state;
    char sql[256], role[128];
    if (db_setup(state) != 0) return -1;
    if (!env->postgres) return 0;
    snprintf(role, sizeof(role), "%s_app", env->name);
    snprintf(sql, sizeof(sql), "DROP ROLE IF EXISTS %s", role);
    pg_admin(env, sql);
    snprintf(sql, sizeof(sql), "CREATE ROLE %s LOGIN PASSWORD 'wall'", role);
    pg_admin(env, sql);
    snprintf(sql, sizeof(sql), "ALTER DATABASE %s OWNER TO %s", env->name, role);
    pg_admin(env, sql);
    size_t used = strlen(env->url);
    snprintf(env->url + used, sizeof(env->url) - used, "&user=%s&password=wall", role);
    env->options.url = ag_str(env->url);
    return 0;
}

static int wall_teardown(void **state)
{
    struct db_env *env = *state;
    char sql[128];
    if (db_teardown(state) != 0) return -1;
    if (!env->postgres) return 0;
    snprintf(sql, sizeof(sql), "DROP ROLE %s_app", env->name);
    pg_admin(env, sql);
    env->url[strlen(env->url) - strlen("&user=&password=wall") - strlen(env->name) -
             strlen("_app")] = '\0';
    return 0;
}

#define wall_test(fn) cmocka_unit_test_setup_teardown(fn, wall_setup, wall_teardown)

/* ---- rows to look for ---- */

static struct ag_uuid orgs[3]; /* orgs[i] gets i + 1 rows */
static int64_t next_at = 1;

static enum ag_err put_row(struct ag_tx *tx, void *arg)
{
    const struct ag_uuid *org = arg;
    return ag_tx_exec(tx, &wall_stmts[PUT],
                      AG_BIND(ag_v_uuid(*org), ag_v_time(next_at++), ag_v_bytes(AG_STR("x"))),
                      NULL);
}

static enum ag_err write_for(struct db_env *env, struct ag_uuid org,
                             enum ag_err (*fn)(struct ag_tx *tx, void *arg), void *arg)
{
    struct ag_arena arena;
    ag_arena_init(&arena);
    AG_ACT_FOR(org);
    enum ag_err err = ag_db_write(env->db, &arena, fn, arg);
    ag_arena_done(&arena);
    return err;
}

static void fill(struct db_env *env)
{
    int applied;
    assert_ok(ag_db_migrate(env->db, &applied));
    for (size_t i = 0; i < AG_COUNT(orgs); i++) {
        orgs[i] = ag_uuid_new();
        for (size_t n = 0; n <= i; n++)
            assert_ok(write_for(env, orgs[i], put_row, &orgs[i]));
    }
}

/* Of one of the counting statements; -1 when it failed. */
static int64_t count(struct db_env *env, int stmt, struct ag_uuid org)
{
    struct ag_arena arena;
    struct ag_rows rows;
    const struct ag_value param = ag_v_uuid(org);
    ag_arena_init(&arena);
    enum ag_err err = ag_db_read(env->db, &arena, &wall_stmts[stmt], &param,
                                 strlen(wall_stmts[stmt].params), &rows);
    int64_t n = err == AG_OK ? ag_row(&rows, 0)[0].num : -1;
    ag_arena_done(&arena);
    return n;
}

static void assert_refused(enum ag_err err, const char *why)
{
    assert_int_equal(err, AG_E_INTERNAL);
    if (!strstr(ag_diag_text(err), why)) fail_msg("have: %s\nwant: %s", ag_diag_text(err), why);
}

/* ---- what a statement may name, on both databases ---- */

static enum ag_err put_after_swap(struct ag_tx *tx, void *arg)
{
    struct ag_uuid *to = arg;
    ag_tx_tenant_swap(tx, ag_tenant(*to));
    return put_row(tx, to);
}

static enum ag_err move_rows(struct ag_tx *tx, void *arg)
{
    (void)arg;
    return ag_tx_exec(tx, &wall_stmts[MOVE], AG_BIND(ag_v_uuid(orgs[0]), ag_v_uuid(orgs[1])), NULL);
}

static void named_body(struct db_env *env)
{
    fill(env);
    assert_int_equal(count(env, COUNT_OWN, orgs[1]), -1);
    assert_refused(AG_E_INTERNAL, "nobody said for whom");
    assert_int_equal(count(env, COUNT_ALL, orgs[1]), 6);
    {
        AG_ACT_FOR(orgs[0]);
        assert_int_equal(count(env, COUNT_OWN, orgs[0]), 1);
        assert_int_equal(count(env, COUNT_OWN, orgs[1]), -1);
        assert_refused(AG_E_INTERNAL, "$1 is not the organisation");
        {
            AG_ACT_FOR(orgs[1]);
            assert_int_equal(count(env, COUNT_OWN, orgs[1]), 2);
        }
        assert_int_equal(count(env, COUNT_OWN, orgs[0]), 1);
        assert_int_equal(count(env, COUNT_ALL, orgs[0]), 6);
    }
    assert_int_equal(count(env, COUNT_OWN, orgs[0]), -1);

    assert_refused(write_for(env, orgs[0], put_row, &orgs[1]), "$1 is not the organisation");
    assert_refused(write_for(env, orgs[0], move_rows, NULL), "$2 is not the organisation");
    assert_ok(write_for(env, orgs[0], put_after_swap, &orgs[2]));
    struct ag_arena arena;
    ag_arena_init(&arena);
    assert_refused(ag_db_write(env->db, &arena, put_row, &orgs[0]), "nobody said for whom");
    ag_arena_done(&arena);
    /* The nil organisation is the server's own: nobody's rows. */
    AG_ACT_FOR(((struct ag_uuid){{0}}));
    assert_int_equal(count(env, COUNT_OWN, (struct ag_uuid){{0}}), 0);
    assert_int_equal(count(env, COUNT_ALL, orgs[0]), 7);
}

static void statements_name_whom_their_fiber_acts_for(void **state)
{
    on_db(*state, named_body);
}

static void other_fiber(void *arg)
{
    struct db_env *env = arg;
    assert_int_equal(count(env, COUNT_OWN, orgs[0]), -1);
    assert_false(ag_db_tenant().given);
}

static void not_inherited_body(struct db_env *env)
{
    struct ag_fiber *fiber;
    fill(env);
    AG_ACT_FOR(orgs[0]);
    assert_ok(ag_fiber_spawn_joinable("other", other_fiber, env, &fiber));
    ag_fiber_join(fiber);
}

static void a_new_fiber_acts_for_nobody(void **state)
{
    on_db(*state, not_inherited_body);
}

/* ---- what PostgreSQL shows ---- */

static enum ag_err put_open(struct ag_tx *tx, void *arg)
{
    const struct ag_uuid *pair = arg; /* whom it acts for, and whose row it makes */
    return ag_tx_exec(tx, &wall_stmts[PUT_OPEN],
                      AG_BIND(ag_v_uuid(pair[0]), ag_v_uuid(pair[1]), ag_v_time(next_at++),
                              ag_v_bytes(AG_STR("x"))),
                      NULL);
}

static void wall_body(struct db_env *env)
{
    fill(env);
    bool walled;
    assert_ok(ag_db_walled(env->db, &walled));
    assert_int_equal(walled, env->postgres);
    if (!env->postgres) return;
    for (size_t i = 0; i < AG_COUNT(orgs); i++) {
        AG_ACT_FOR(orgs[i]);
        assert_int_equal(count(env, COUNT_OPEN, orgs[i]), (int64_t)i + 1);
        assert_int_equal(count(env, COUNT_ALL, orgs[i]), 6);
    }
    assert_ok(write_for(env, orgs[1], put_open, (struct ag_uuid[]){orgs[1], orgs[1]}));
    assert_refused(write_for(env, orgs[1], put_open, (struct ag_uuid[]){orgs[1], orgs[0]}),
                   "row-level security");
    assert_int_equal(count(env, COUNT_ALL, orgs[0]), 7);
}

static void a_statement_that_forgets_to_filter_meets_its_own_rows(void **state)
{
    on_db(*state, wall_body);
}

/* One value from a connection of the server's own role that says `org` first, or nothing. */
static int64_t raw_number(struct db_env *env, const char *org, const char *sql)
{
    char set[128];
    PGconn *pg = PQconnectdb(env->url);
    PQsetNoticeProcessor(pg, no_notice, NULL);
    snprintf(set, sizeof(set), "SET agentgen.org = '%s'", org ? org : "");
    if (org) PQclear(PQexec(pg, set));
    PGresult *result = PQexec(pg, sql);
    int64_t n = PQresultStatus(result) == PGRES_TUPLES_OK
                    ? strtoll(PQgetvalue(result, 0, 0), NULL, 10)
                    : -1;
    PQclear(result);
    PQfinish(pg);
    return n;
}

static void raw_body(struct db_env *env)
{
    static const char all[] = "SELECT count(*) FROM run_stats";
    static const char change[] = "WITH gone AS (DELETE FROM run_stats RETURNING 1) "
                                 "SELECT count(*) FROM gone";
    static const char put[] = "INSERT INTO run_stats (org_id, hours, at, data) VALUES "
                              "(gen_random_uuid(), 24, now(), 'x') RETURNING 1";
    char text[AG_UUID_TEXT_BYTES];
    fill(env);
    if (!env->postgres) return;
    assert_int_equal(raw_number(env, NULL, all), 0);
    assert_int_equal(raw_number(env, "", all), 0);
    assert_int_equal(raw_number(env, NULL, change), 0);
    assert_int_equal(raw_number(env, NULL, put), -1);
    assert_int_equal(raw_number(env, NULL, "SELECT count(*) FROM organizations"), 0);
    assert_int_equal(raw_number(env, ag_uuid_format(orgs[2], text).data, all), 3);
    assert_int_equal(raw_number(env, ag_uuid_format(orgs[2], text).data, put), -1);
    assert_int_equal(raw_number(env, "nonsense", all), -1);
    assert_int_equal(raw_number(env, "*", all), 6);
}

static void who_says_nothing_sees_nothing(void **state)
{
    on_db(*state, raw_body);
}

static void covered_body(struct db_env *env)
{
    fill(env);
    if (!env->postgres) return;
    static const char tables[] =
        "SELECT count(*) FROM pg_class c WHERE relkind = 'r' AND relnamespace = "
        "'public'::regnamespace AND (relname = 'organizations' OR (relname <> 'users' AND EXISTS "
        "(SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'org_id' AND "
        "NOT a.attisdropped)))";
    char walled[1024];
    snprintf(walled, sizeof(walled),
             "%s AND relrowsecurity AND relforcerowsecurity AND (SELECT count(*) FROM pg_policy "
             "WHERE polrelid = c.oid AND polcmd = '*' AND polpermissive) = 1",
             tables);
    int64_t have = raw_number(env, NULL, tables);
    assert_true(have >= 13);
    assert_int_equal(raw_number(env, NULL, walled), have);
}

static void every_tenants_table_is_behind_it(void **state)
{
    on_db(*state, covered_body);
}

static void plan_body(struct db_env *env)
{
    fill(env);
    if (!env->postgres) return;
    /* Both conditions of a list are the index's, and its order is, too. */
    PGconn *pg = PQconnectdb(env->url);
    PQclear(PQexec(pg, "SET enable_seqscan = off; SET enable_bitmapscan = off"));
    PGresult *result = PQexec(pg,
                              "EXPLAIN (COSTS off) SELECT * FROM runs WHERE org_id = "
                              "'0190a7ee-0000-7000-8000-000000000002' AND id < "
                              "'0190a7ee-0000-7000-8000-000000000001' ORDER BY id DESC LIMIT 20");
    char plan[2048] = "";
    for (int i = 0; i < PQntuples(result); i++) {
        size_t used = strlen(plan);
        snprintf(plan + used, sizeof(plan) - used, "%s\n", PQgetvalue(result, i, 0));
    }
    PQclear(result);
    PQfinish(pg);
    if (!strstr(plan, "Index Scan Backward using runs_pkey") ||
        !strstr(plan, "Index Cond: ((org_id = ") || !strstr(plan, "AND (id < ") ||
        strstr(plan, "Sort"))
        fail_msg("%s", plan);
}

static void indices_are_still_walked(void **state)
{
    on_db(*state, plan_body);
}

/* ---- one connection, many tenants ---- */

struct reader {
    struct db_env *env;
    int n, right, canceled;
};

static void read_mixed(void *arg)
{
    struct reader *r = arg;
    struct ag_arena arena;
    for (int i = 0; i < 10; i++) {
        size_t who = (size_t)(r->n + i) % AG_COUNT(orgs);
        AG_ACT_FOR(orgs[who]);
        if ((r->n + i) % 7 == 0) {
            struct ag_rows rows;
            ag_arena_init(&arena);
            enum ag_err err = ag_db_read(r->env->db, &arena, &wall_stmts[FAILS],
                                         AG_BIND(ag_v_uuid(orgs[who]), ag_v_int(INT64_MIN)), &rows);
            r->right += err == AG_E_INTERNAL;
            r->canceled += err == AG_E_CANCELED;
            ag_arena_done(&arena);
            continue;
        }
        bool all = (r->n + i) % 5 == 0;
        int64_t have = count(r->env, all ? COUNT_ALL : COUNT_OPEN, orgs[who]);
        r->right += have == (all || !r->env->postgres ? 6 : (int64_t)who + 1);
        r->canceled += have == -1 && ag_fiber_canceled();
    }
}

static void crowd_body(struct db_env *env)
{
    enum { READERS = 150 };
    static struct reader readers[READERS];
    struct ag_fiber *fibers[READERS];
    fill(env);
    for (int i = 0; i < READERS; i++) {
        readers[i] = (struct reader){.env = env, .n = i};
        assert_ok(ag_fiber_spawn_joinable("reader", read_mixed, &readers[i], &fibers[i]));
    }
    ag_fiber_yield();
    for (int i = 0; i < READERS; i += 9)
        ag_fiber_cancel(fibers[i]);
    char sql[160];
    snprintf(sql, sizeof(sql),
             "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '%s_app'",
             env->name);
    if (env->postgres) pg_admin(env, sql);
    for (int i = 0; i < READERS; i++) {
        ag_fiber_join(fibers[i]);
        assert_int_equal(readers[i].right + readers[i].canceled, 10);
        if (i % 9 != 0) assert_int_equal(readers[i].right, 10);
    }
}

static void a_crowd_on_one_connection_is_not_mixed_up(void **state)
{
    on_db(*state, crowd_body);
}

struct wall_job {
    struct ag_db_job job;
    struct ag_arena arena;
    size_t who;
    bool strays;
    int64_t counted;
    enum ag_err err;
    unsigned *left;
    struct ag_fiber *fiber;
};

/* One in three leaves the transaction acting for somebody else; the next job must not notice. */
static enum ag_err job_tx(struct ag_tx *tx, void *arg)
{
    struct wall_job *j = arg;
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &wall_stmts[COUNT_OPEN], AG_BIND(ag_v_uuid(orgs[j->who])), &rows));
    j->counted = ag_row(&rows, 0)[0].num;
    if (!j->strays) return AG_OK;
    size_t other = (j->who + 1) % AG_COUNT(orgs);
    ag_tx_tenant_swap(tx, ag_tenant(orgs[other]));
    return ag_tx_exec(tx, &wall_stmts[COUNT_OWN], AG_BIND(ag_v_uuid(orgs[other])), &rows);
}

static void job_done(struct ag_db_job *job, enum ag_err err)
{
    struct wall_job *j = AG_CONTAINER_OF(job, struct wall_job, job);
    j->err = err;
    ag_arena_done(&j->arena);
    if (--*j->left == 0) ag_fiber_wake(j->fiber);
}

static void jobs_body(struct db_env *env)
{
    enum { JOBS = 100 };
    static struct wall_job jobs[JOBS];
    unsigned left = JOBS;
    fill(env);
    for (size_t i = 0; i < JOBS; i++) {
        struct wall_job *j = &jobs[i];
        *j = (struct wall_job){.who = i % AG_COUNT(orgs),
                               .strays = i % 4 == 0,
                               .left = &left,
                               .fiber = ag_fiber_self()};
        ag_arena_init(&j->arena);
        j->job = (struct ag_db_job){.fn = job_tx, .arg = j, .done = job_done, .arena = &j->arena};
        AG_ACT_FOR(orgs[j->who]);
        assert_ok(ag_db_write_start(env->db, &j->job));
    }
    while (left > 0)
        assert_ok(ag_fiber_park(AG_NEVER));
    for (size_t i = 0; i < JOBS; i++) {
        assert_ok(jobs[i].err);
        assert_int_equal(jobs[i].counted, env->postgres ? (int64_t)jobs[i].who + 1 : 6);
    }
}

static void jobs_act_for_whom_they_were_started(void **state)
{
    on_db(*state, jobs_body);
}

/* ---- migrations ---- */

static void later_body(struct db_env *env)
{
    struct ag_migration list[64];
    int applied;
    fill(env);
    assert_true(ag_migrations_count < AG_COUNT(list));
    memcpy(list, env->postgres ? ag_migrations_postgres : ag_migrations_sqlite,
           ag_migrations_count * sizeof(list[0]));
    list[ag_migrations_count] = (struct ag_migration){
        .version = (int)ag_migrations_count + 1,
        .name = "later",
        .checksum = "none",
        .sql = "UPDATE run_stats SET hours = 1;",
    };
    assert_ok(ag_db_migrate_list(env->db, list, ag_migrations_count + 1, &applied));
    assert_int_equal(applied, 1);
    if (!env->postgres) return;
    assert_int_equal(raw_number(env, "*", "SELECT count(*) FROM run_stats WHERE hours = 1"), 6);
}

static void a_later_migration_meets_every_row(void **state)
{
    on_db(*state, later_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        wall_test(statements_name_whom_their_fiber_acts_for),
        wall_test(a_new_fiber_acts_for_nobody),
        wall_test(a_statement_that_forgets_to_filter_meets_its_own_rows),
        wall_test(who_says_nothing_sees_nothing),
        wall_test(every_tenants_table_is_behind_it),
        wall_test(indices_are_still_walked),
        wall_test(a_crowd_on_one_connection_is_not_mixed_up),
        wall_test(jobs_act_for_whom_they_were_started),
        wall_test(a_later_migration_meets_every_row),
    };
    return run_statements(wall_stmts, tests, "wall");
}
