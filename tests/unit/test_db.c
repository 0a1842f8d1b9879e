/* The database: values, errors, transactions, groups, jobs, concurrent reads; on both databases. */
#include "test_db.h"

#include <pthread.h>

/* ---- values ---- */

static enum ag_err put_types(struct ag_tx *tx, void *arg)
{
    return ag_tx_exec(tx, &stmts[TYPES_PUT], arg, 8, NULL);
}

static void assert_same_value(const struct ag_value *have, const struct ag_value *want)
{
    assert_int_equal(have->type, want->type);
    switch (want->type) {
    case AG_V_NULL:
        return;
    case AG_V_UUID:
        assert_true(ag_uuid_eq(have->uuid, want->uuid));
        return;
    case AG_V_REAL:
        assert_memory_equal(&have->real, &want->real, sizeof(double));
        return;
    case AG_V_INT:
    case AG_V_BOOL:
    case AG_V_TIME:
        assert_true(have->num == want->num);
        return;
    default:
        assert_int_equal(have->str.len, want->str.len);
        if (want->str.len > 0) assert_memory_equal(have->str.data, want->str.data, want->str.len);
        assert_int_equal(have->str.data[have->str.len], '\0');
    }
}

static void assert_round_trip(struct db_env *env, struct ag_value row[8])
{
    struct ag_arena arena;
    struct ag_rows rows;
    ag_arena_init(&arena);
    row[0] = ag_v_uuid(ag_uuid_new());
    assert_ok(ag_db_write(env->db, &arena, put_types, row));
    assert_ok(ag_db_read(env->db, &arena, &stmts[TYPES_GET], row, 1, &rows));
    assert_int_equal(rows.count, 1);
    assert_int_equal(rows.columns, 8);
    assert_int_equal(rows.changed, 0);
    for (int i = 0; i < 8; i++)
        assert_same_value(&ag_row(&rows, 0)[i], &row[i]);
    ag_arena_done(&arena);
}

static void values_body(struct db_env *env)
{
    make_tables(env);
    const struct ag_str utf8 = AG_STR("Gr\xc3\xbc\xc3\x9f Gott \xf0\x9f\x91\x8b \xe4\xb8\xad");
    const struct ag_str json = AG_STR("{\"a\":[1,2.5,null],\"b\":\"x: \\\"y\\\", z\",\"c\":{}}");
    const struct ag_str bytes = AG_STR("\x00\x01\xff\x00");
    struct ag_value nulls[8] = {{0}};
    assert_round_trip(env, nulls);
    struct ag_value empty[8] = {[1] = ag_v_text((struct ag_str){0}),
                                [2] = ag_v_json(AG_STR("{}")),
                                [3] = ag_v_int(0),
                                [4] = ag_v_real(0),
                                [5] = ag_v_bool(false),
                                [6] = ag_v_time(0),
                                [7] = ag_v_bytes((struct ag_str){0})};
    assert_round_trip(env, empty);
    struct ag_value plain[8] = {
        [1] = ag_v_text(utf8),  [2] = ag_v_json(json), [3] = ag_v_int(-42),
        [4] = ag_v_real(0.1),   [5] = ag_v_bool(true), [6] = ag_v_time(ag_wall_ms()),
        [7] = ag_v_bytes(bytes)};
    assert_round_trip(env, plain);
    struct ag_value smallest[8] = {[1] = ag_v_text(AG_STR("'")),
                                   [2] = ag_v_json(AG_STR("[]")),
                                   [3] = ag_v_int(INT64_MIN),
                                   [4] = ag_v_real(-1.7976931348623157e308),
                                   [6] = ag_v_time(-62167219200000)};
    assert_round_trip(env, smallest);
    struct ag_value largest[8] = {
        [3] = ag_v_int(INT64_MAX), [4] = ag_v_real(5e-324), [6] = ag_v_time(253402300799999)};
    assert_round_trip(env, largest);
    struct ag_value before_epoch[8] = {[3] = ag_v_int(-1), [6] = ag_v_time(-1)};
    assert_round_trip(env, before_epoch);
}

static void values_round_trip(void **state)
{
    on_db(*state, values_body);
}

static void big_values_body(struct db_env *env)
{
    make_tables(env);
    enum { BIG = 3 * 1024 * 1024 };
    char *big = malloc(BIG);
    assert_non_null(big);
    for (int i = 0; i < BIG; i++)
        big[i] = (char)('a' + i % 26);
    struct ag_value row[8] = {
        [1] = ag_v_text(ag_str_n(big, BIG)), [7] = ag_v_bytes(ag_str_n(big, BIG))};
    assert_round_trip(env, row);

    struct ag_arena arena;
    struct ag_rows rows = {.count = 77};
    ag_arena_init(&arena);
    env->db->options.read_max_bytes = BIG;
    assert_int_equal(ag_db_read(env->db, &arena, &stmts[TYPES_GET], row, 1, &rows), AG_E_INTERNAL);
    assert_int_equal(rows.count, 77); /* untouched on failure */
    assert_non_null(strstr(ag_diag_text(AG_E_INTERNAL), "larger"));
    ag_arena_done(&arena);
    free(big);
}

static void big_values_round_trip_within_the_limit(void **state)
{
    on_db(*state, big_values_body);
}

/* ---- statements ---- */

struct returning {
    struct ag_arena *arena;
    int64_t changed[4];
    char name[32];
};

static enum ag_err count_changes(struct ag_tx *tx, void *arg)
{
    struct returning *r = arg;
    struct ag_rows rows;
    if (ag_tx_arena(tx) != r->arena) return ag_fail(AG_E_INTERNAL, "another arena");
    AG_TRY(ag_tx_exec(tx, &stmts[NOTE_PUT_RETURNING],
                      AG_BIND(ag_v_uuid(ag_uuid_new()), ag_v_text(AG_STR("one"))), &rows));
    r->changed[0] = rows.changed;
    snprintf(r->name, sizeof(r->name), "%.*s", AG_STR_ARG(ag_row(&rows, 0)[0].str));
    AG_TRY(ag_tx_exec(tx, &stmts[NOTE_RENAME],
                      AG_BIND(ag_v_text(AG_STR("one")), ag_v_text(AG_STR("two"))), &rows));
    r->changed[1] = rows.changed;
    AG_TRY(ag_tx_exec(tx, &stmts[NOTE_DELETE], AG_BIND(ag_v_text(AG_STR("one"))), &rows));
    r->changed[2] = rows.changed;
    AG_TRY(ag_tx_exec(tx, &stmts[NOTE_LIST], AG_BIND(ag_v_int(10)), &rows));
    r->changed[3] = rows.changed;
    return rows.count == 1 ? AG_OK : ag_fail(AG_E_INTERNAL, "%zu notes", rows.count);
}

static void statements_body(struct db_env *env)
{
    make_tables(env);
    struct ag_arena arena;
    struct ag_rows rows;
    ag_arena_init(&arena);
    struct returning r = {.arena = &arena};
    assert_ok(ag_db_write(env->db, &arena, count_changes, &r));
    assert_string_equal(r.name, "one");
    assert_int_equal(r.changed[0], 1);
    assert_int_equal(r.changed[1], 1);
    assert_int_equal(r.changed[2], 0);
    assert_int_equal(r.changed[3], 0);

    struct note note = note_make("note%d", 1);
    assert_ok(write_note(env, &note));
    assert_ok(ag_db_read(env->db, &arena, &stmts[NOTE_GET],
                         AG_BIND(ag_v_uuid(note.id), ag_v_text(AG_STR("note1"))), &rows));
    assert_int_equal(rows.count, 1);
    assert_str(ag_row(&rows, 0)[1].str, "note1");
    assert_ok(ag_db_read(env->db, &arena, &stmts[NOTE_LIST], AG_BIND(ag_v_int(10)), &rows));
    assert_int_equal(rows.count, 2);
    assert_str(ag_row(&rows, 0)[0].str, "note1");
    assert_str(ag_row(&rows, 1)[0].str, "two");
    assert_ok(ag_db_read(env->db, &arena, &stmts[NOTE_LIST], AG_BIND(ag_v_int(0)), &rows));
    assert_int_equal(rows.count, 0);
    assert_ok(ag_db_ping(env->db, 1000));
    ag_arena_done(&arena);
}

static void statements_count_what_they_change(void **state)
{
    on_db(*state, statements_body);
}

static void misuse_body(struct db_env *env)
{
    make_tables(env);
    struct note note = note_make("note%d", 1);
    assert_ok(write_note(env, &note));
    struct ag_arena arena;
    struct ag_rows rows;
    ag_arena_init(&arena);
    static struct ag_stmt stranger = {
        .name = "stranger", .sql = "SELECT 1", .params = "", .columns = "i"};
    static const struct ag_stmt *const get = &stmts[NOTE_GET];
    assert_int_equal(ag_db_read(env->db, &arena, &stranger, NULL, 0, &rows), AG_E_INTERNAL);
    assert_int_equal(ag_db_read(env->db, &arena, get, AG_BIND(ag_v_uuid(note.id)), &rows),
                     AG_E_INTERNAL);
    assert_int_equal(ag_db_read(env->db, &arena, get,
                                AG_BIND(ag_v_text(AG_STR("x")), ag_v_text(AG_STR("note1"))), &rows),
                     AG_E_INTERNAL);
    assert_int_equal(ag_db_read(env->db, &arena, &stmts[BROKEN], NULL, 0, &rows), AG_E_INTERNAL);
    assert_non_null(strstr(ag_diag_text(AG_E_INTERNAL), "broken"));
    assert_int_equal(ag_db_read(env->db, &arena, &stmts[BROKEN], NULL, 0, &rows), AG_E_INTERNAL);
    assert_int_equal(ag_db_read(env->db, &arena, &stmts[WRITES], NULL, 0, &rows), AG_E_INTERNAL);
    assert_int_equal(count_notes(env), 1);

    struct ag_value row[8] = {[0] = ag_v_uuid(ag_uuid_new()), [6] = ag_v_time(INT64_MAX)};
    assert_int_equal(ag_db_write(env->db, &arena, put_types, row), AG_E_INTERNAL);
    ag_arena_done(&arena);
}

static void misuse_is_an_internal_error(void **state)
{
    on_db(*state, misuse_body);
}

/* ---- transactions ---- */

static enum ag_err swallow_error(struct ag_tx *tx, void *arg)
{
    struct note *note = arg;
    if (put_note(tx, note) == AG_OK) return ag_fail(AG_E_INTERNAL, "expected to fail");
    struct note other = {.id = ag_uuid_new(), .name = "after the error"};
    return put_note(tx, &other) == AG_OK ? ag_fail(AG_E_INTERNAL, "went on") : AG_OK;
}

static void constraints_body(struct db_env *env)
{
    make_tables(env);
    struct note first = note_make("first", 0), same_name = note_make("first", 0);
    assert_ok(write_note(env, &first));
    assert_int_equal(write_note(env, &first), AG_E_EXISTS);
    assert_int_equal(write_note(env, &same_name), AG_E_EXISTS);
    assert_non_null(strstr(ag_diag_text(AG_E_EXISTS), "note_put"));
    struct note orphan = note_make("orphan", 0), child = note_make("child", 0);
    orphan.parent = ag_v_uuid(ag_uuid_new());
    assert_int_equal(write_note(env, &orphan), AG_E_CONFLICT);
    child.parent = ag_v_uuid(first.id);
    assert_ok(write_note(env, &child));
    assert_int_equal(count_notes(env), 2);

    struct ag_arena arena;
    ag_arena_init(&arena);
    assert_int_equal(ag_db_write(env->db, &arena, swallow_error, &same_name), AG_E_EXISTS);
    ag_arena_done(&arena);
    assert_int_equal(count_notes(env), 2);
}

static void constraints_have_their_errors(void **state)
{
    on_db(*state, constraints_body);
}

static enum ag_err do_nothing(struct ag_tx *tx, void *arg)
{
    return AG_OK;
}

static void rollback_body(struct db_env *env)
{
    make_tables(env);
    struct note note = note_make("note", 0);
    note.fail = AG_E_STALE;
    assert_int_equal(write_note(env, &note), AG_E_STALE);
    assert_string_equal(ag_diag_text(AG_E_STALE), "told to fail");
    note.fail = AG_OK;
    note.twice = true;
    assert_int_equal(write_note(env, &note), AG_E_EXISTS);
    assert_int_equal(count_notes(env), 0);
    note.twice = false;
    assert_ok(write_note(env, &note));
    assert_int_equal(count_notes(env), 1);
    struct ag_arena arena;
    ag_arena_init(&arena);
    assert_ok(ag_db_write(env->db, &arena, do_nothing, NULL));
    ag_arena_done(&arena);
}

static void failed_functions_leave_nothing(void **state)
{
    on_db(*state, rollback_body);
}

/* ---- many at once ---- */

struct crowd {
    struct db_env *env;
    int next, good, stale, exists, other;
    int fail_every, twice_every;
};

static void crowd_main(void *arg)
{
    struct crowd *c = arg;
    int n = c->next++;
    struct note note = note_make("crowd%05d", n);
    if (c->fail_every && n % c->fail_every == 0) note.fail = AG_E_STALE;
    if (c->twice_every && n % c->twice_every == 1) note.twice = true;
    enum ag_err err = write_note(c->env, &note);
    c->good += err == AG_OK && note.fail == AG_OK && !note.twice;
    c->stale += err == AG_E_STALE && note.fail == AG_E_STALE &&
                strcmp(ag_diag_text(err), "told to fail") == 0;
    c->exists += err == AG_E_EXISTS && note.twice;
    c->other += err != AG_OK && err != AG_E_STALE && err != AG_E_EXISTS;
}

static void run_crowd(struct crowd *c, int count)
{
    struct ag_fiber **fibers = calloc((size_t)count, sizeof(*fibers));
    assert_non_null(fibers);
    for (int i = 0; i < count; i++)
        assert_ok(ag_fiber_spawn_joinable("crowd", crowd_main, c, &fibers[i]));
    for (int i = 0; i < count; i++)
        ag_fiber_join(fibers[i]);
    free(fibers);
}

static void group_body(struct db_env *env)
{
    make_tables(env);
    struct ag_db_stats before, after;
    ag_db_stats(env->db, &before);
    struct crowd all_good = {.env = env};
    run_crowd(&all_good, 1000);
    assert_int_equal(all_good.good, 1000);
    assert_int_equal(count_notes(env), 1000);
    ag_db_stats(env->db, &after);
    assert_int_equal(after.writes - before.writes, 1000);
    assert_int_equal(after.commits - before.commits, 1000);
    assert_int_equal(after.queued, 0);
    if (!env->postgres) assert_in_range(after.batches - before.batches, 1, 100);

    struct crowd mixed = {.env = env, .next = 1000, .fail_every = 7, .twice_every = 11};
    run_crowd(&mixed, 1000);
    assert_int_equal(mixed.other, 0);
    assert_int_equal(mixed.good + mixed.stale + mixed.exists, 1000);
    assert_in_range(mixed.stale, 142, 143);
    assert_in_range(mixed.exists, 77, 91);
    assert_int_equal(count_notes(env), 1000 + mixed.good);
}

static void a_thousand_fibers_commit_in_groups(void **state)
{
    on_db(*state, group_body);
}

struct candidate {
    struct db_env *env;
    struct note note;
    bool first;
    enum ag_err err;
};

static enum ag_err become_first(struct ag_tx *tx, void *arg)
{
    struct candidate *c = arg;
    struct ag_rows rows;
    AG_TRY(ag_tx_lock(tx, 42));
    AG_TRY(ag_tx_exec(tx, &stmts[NOTE_COUNT], NULL, 0, &rows));
    c->first = ag_row(&rows, 0)[0].num == 0;
    return put_note(tx, &c->note);
}

static void candidate_main(void *arg)
{
    struct candidate *c = arg;
    struct ag_arena arena;
    ag_arena_init(&arena);
    c->err = ag_db_write(c->env->db, &arena, become_first, c);
    ag_arena_done(&arena);
}

static void lock_body(struct db_env *env)
{
    make_tables(env);
    struct candidate candidates[16];
    struct ag_fiber *fibers[16];
    int first = 0;
    for (int i = 0; i < 16; i++) {
        candidates[i] = (struct candidate){.env = env, .note = note_make("%d", i)};
        assert_ok(ag_fiber_spawn_joinable("first", candidate_main, &candidates[i], &fibers[i]));
    }
    for (int i = 0; i < 16; i++) {
        ag_fiber_join(fibers[i]);
        assert_ok(candidates[i].err);
        first += candidates[i].first;
    }
    assert_int_equal(first, 1);
    assert_int_equal(count_notes(env), 16);
}

static void a_lock_lets_one_transaction_be_the_first(void **state)
{
    on_db(*state, lock_body);
}

struct opposite {
    struct db_env *env;
    const char *names[2];
    const struct opposite *other;
    int runs;        /* of the function */
    bool took_a_row; /* in one of them */
    enum ag_err err;
};

static enum ag_err touch_both(struct ag_tx *tx, void *arg)
{
    struct opposite *o = arg;
    o->runs++;
    for (int i = 0; i < 2; i++) {
        struct ag_value name = ag_v_text(ag_str(o->names[i]));
        AG_TRY(ag_tx_exec(tx, &stmts[NOTE_RENAME], AG_BIND(name, name), NULL));
        o->took_a_row = true;
        /* Until the other one has its first row, too; on SQLite it waits for this one. */
        while (tx->db->ops->postgres && !o->other->took_a_row)
            AG_TRY(ag_tx_exec(tx, &stmts[SLOW], AG_BIND(ag_v_real(0.01)), NULL));
    }
    return AG_OK;
}

static void opposite_main(void *arg)
{
    struct opposite *o = arg;
    struct ag_arena arena;
    ag_arena_init(&arena);
    o->err = ag_db_write(o->env->db, &arena, touch_both, o);
    ag_arena_done(&arena);
}

static void deadlock_body(struct db_env *env)
{
    make_tables(env);
    struct note a = note_make("a", 0), b = note_make("b", 0);
    assert_ok(write_note(env, &a));
    assert_ok(write_note(env, &b));
    struct opposite one = {.env = env, .names = {"a", "b"}};
    struct opposite two = {.env = env, .names = {"b", "a"}, .other = &one};
    one.other = &two;
    struct ag_fiber *fibers[2];
    assert_ok(ag_fiber_spawn_joinable("one", opposite_main, &one, &fibers[0]));
    assert_ok(ag_fiber_spawn_joinable("two", opposite_main, &two, &fibers[1]));
    ag_fiber_join(fibers[0]);
    ag_fiber_join(fibers[1]);
    assert_ok(one.err);
    assert_ok(two.err);
    if (env->postgres) assert_in_range(one.runs + two.runs, 3, 10);
}

static void deadlocked_functions_run_again(void **state)
{
    on_db(*state, deadlock_body);
}

/* ---- jobs ---- */

struct test_job {
    struct ag_db_job job;
    struct ag_arena arena;
    struct note note;
    struct job_results *results;
};

struct job_results {
    int done, good, failed, in_order;
    char last[32];
};

static void job_done(struct ag_db_job *base, enum ag_err err)
{
    struct test_job *job = AG_CONTAINER_OF(base, struct test_job, job);
    struct job_results *r = job->results;
    r->done++;
    r->good += err == AG_OK;
    r->failed += err == AG_E_STALE && strcmp(ag_diag_text(err), "told to fail") == 0;
    r->in_order += strcmp(r->last, job->note.name) < 0;
    memcpy(r->last, job->note.name, sizeof(r->last));
    ag_arena_done(&job->arena);
    free(job);
}

static bool apart; /* what start_job() asks for */

static enum ag_err start_job(struct db_env *env, int n, enum ag_err fail, struct job_results *r)
{
    struct test_job *job = calloc(1, sizeof(*job));
    assert_non_null(job);
    job->note = note_make("job%05d", n);
    job->note.fail = fail;
    job->results = r;
    ag_arena_init(&job->arena);
    job->job = (struct ag_db_job){
        .fn = put_note, .arg = &job->note, .done = job_done, .arena = &job->arena, .apart = apart};
    enum ag_err err = ag_db_write_start(env->db, &job->job);
    if (err != AG_OK) free(job);
    return err;
}

static void jobs_body(struct db_env *env)
{
    make_tables(env);
    struct job_results r = {0};
    for (int i = 0; i < 500; i++)
        assert_ok(start_job(env, i, i % 50 == 9 ? AG_E_STALE : AG_OK, &r));
    while (r.done < 500)
        assert_ok(ag_fiber_sleep(1));
    assert_int_equal(r.good, 490);
    assert_int_equal(r.failed, 10);
    if (!env->postgres) assert_int_equal(r.in_order, 500);
    assert_int_equal(count_notes(env), 490);
}

static void jobs_end_with_their_results(void **state)
{
    on_db(*state, jobs_body);
}

static void apart_body(struct db_env *env)
{
    make_tables(env);
    struct job_results r = {0};
    struct ag_db_stats before, after;
    ag_db_stats(env->db, &before);
    for (int i = 0; i < 90; i++) {
        apart = i % 3 == 0;
        assert_ok(start_job(env, i, AG_OK, &r));
    }
    apart = false;
    while (r.done < 90)
        assert_ok(ag_fiber_sleep(1));
    assert_int_equal(r.good, 90);
    ag_db_stats(env->db, &after);
    assert_int_equal(after.commits - before.commits, 90);
    /* Thirty by themselves, and what stands between two of them together. */
    if (env->postgres) assert_in_range(after.batches - before.batches, 60, 90);
}

static void jobs_may_want_a_transaction_of_their_own(void **state)
{
    on_db(*state, apart_body);
}

static struct job_results late_results;

static void overload_body(struct db_env *env)
{
    make_tables(env);
    int refused = 0;
    for (int i = 0; i < AG_DB_MAX_QUEUED + 100; i++) {
        enum ag_err err = start_job(env, i, AG_OK, &late_results);
        assert_true(err == AG_OK || err == AG_E_OVERLOADED);
        refused += err == AG_E_OVERLOADED;
    }
    assert_int_equal(refused, 100);
    /* The loop leaves with all of them still under way. */
}

static void the_queue_is_bounded_and_detaching_waits_for_it(void **state)
{
    late_results = (struct job_results){0};
    on_db(*state, overload_body);
    assert_int_equal(late_results.good, AG_DB_MAX_QUEUED);
}

/* ---- reads at once ---- */

struct reading {
    struct db_env *env;
    int64_t number;
    double seconds;
    enum ag_err err;
    bool right;
};

static void read_abs(void *arg)
{
    struct reading *r = arg;
    struct ag_arena arena;
    struct ag_rows rows;
    ag_arena_init(&arena);
    r->err = ag_db_read(r->env->db, &arena, &stmts[ABS], AG_BIND(ag_v_int(r->number)), &rows);
    r->right = r->err == AG_OK ? ag_row(&rows, 0)[0].num == -r->number
                               : r->number == INT64_MIN && r->err == AG_E_INTERNAL;
    ag_arena_done(&arena);
}

static void isolation_body(struct db_env *env)
{
    struct reading readings[200];
    struct ag_fiber *fibers[200];
    for (int i = 0; i < 200; i++) {
        readings[i] = (struct reading){.env = env, .number = i % 7 == 3 ? INT64_MIN : -i};
        assert_ok(ag_fiber_spawn_joinable("read", read_abs, &readings[i], &fibers[i]));
    }
    for (int i = 0; i < 200; i++) {
        ag_fiber_join(fibers[i]);
        assert_true(readings[i].right);
    }
}

static void a_failed_read_fails_no_other(void **state)
{
    on_db(*state, isolation_body);
}

static void read_slowly(void *arg)
{
    struct reading *r = arg;
    struct ag_arena arena;
    struct ag_rows rows;
    ag_arena_init(&arena);
    r->err = ag_db_read(r->env->db, &arena, &stmts[SLOW], AG_BIND(ag_v_real(r->seconds)), &rows);
    ag_arena_done(&arena);
}

static void cancel_body(struct db_env *env)
{
    struct reading slow[3], quick = {.env = env, .number = -5};
    struct ag_fiber *fibers[3];
    int64_t start = ag_mono_ms();
    for (int i = 0; i < 3; i++) {
        slow[i] = (struct reading){.env = env, .seconds = 0.2};
        assert_ok(ag_fiber_spawn_joinable("slow", read_slowly, &slow[i], &fibers[i]));
    }
    assert_ok(ag_fiber_sleep(20));
    ag_fiber_cancel(fibers[0]);
    ag_fiber_cancel(fibers[2]);
    ag_fiber_join(fibers[0]);
    ag_fiber_join(fibers[2]);
    if (env->postgres) {
        /* At once, long before the answers are there. */
        assert_in_range(ag_mono_ms() - start, 20, 150);
        assert_int_equal(slow[0].err, AG_E_CANCELED);
        assert_int_equal(slow[2].err, AG_E_CANCELED);
    }
    ag_fiber_join(fibers[1]);
    assert_ok(slow[1].err);
    read_abs(&quick);
    assert_true(quick.right && quick.err == AG_OK);
}

static void a_cancelled_read_leaves_the_connection_whole(void **state)
{
    on_db(*state, cancel_body);
}

static void slow_body(struct db_env *env)
{
    if (!env->postgres) return;
    /* The server's own limit, then the fiber's. */
    struct reading slow = {.env = env, .seconds = 30}, quick = {.env = env, .number = -5};
    int64_t start = ag_mono_ms();
    read_slowly(&slow);
    assert_int_equal(slow.err, AG_E_TIMEOUT);
    assert_in_range(ag_mono_ms() - start, 250, 2000);
    ag_deadline_ms before = ag_fiber_set_deadline(ag_deadline_in(50));
    read_slowly(&slow);
    assert_int_equal(slow.err, AG_E_TIMEOUT);
    ag_fiber_set_deadline(before);
    read_abs(&quick);
    assert_true(quick.right);
    assert_ok(ag_db_ping(env->db, 1000));
}

static void a_slow_read_ends_in_time(void **state)
{
    struct db_env *env = *state;
    env->options.timeout_ms = 300;
    on_db(env, slow_body);
}

/* ---- LIKE: the same on both ---- */

static enum ag_err run_like(struct db_env *env, struct ag_arena *arena, struct ag_str text,
                            const char *pattern, bool *ret_matches)
{
    struct ag_rows rows;
    AG_TRY(ag_db_read(env->db, arena, &stmts[LIKE],
                      AG_BIND(ag_v_text(text), ag_v_text(ag_str(pattern))), &rows));
    *ret_matches = ag_row(&rows, 0)[0].num;
    return AG_OK;
}

static void like_body(struct db_env *env)
{
    static const struct {
        const char *text, *pattern;
        bool matches;
    } cases[] = {
        {"", "", true},
        {"", "%", true},
        {"a", "", false},
        {"abc", "%", true},
        {"abc", "%%", true},
        {"abc", "abc", true},
        {"abc", "ABC", false},
        {"abc", "ab", false},
        {"abc", "bc", false},
        {"abc", "ab%", true},
        {"abc", "b%", false},
        {"abc", "%bc", true},
        {"abc", "%b", false},
        {"abc", "%b%", true},
        {"abc", "%a%c%", true},
        {"abc", "%c%a%", false},
        {"aba", "a%a", true},
        {"a", "a%a", false},
        {"aab", "%ab", true},
        {"abab", "%ab%ab", true},
        {"aaab", "%aab%", true},
        {"100% sure", "%0\\%%", true},
        {"100 sure", "%0\\%%", false},
        {"a_b", "%\\_%", true},
        {"ab", "%\\_%", false},
        {"a\\b", "%\\\\%", true},
        {"ab", "%\\\\%", false},
        {"caf\xc3\xa9", "%\xc3\xa9", true},
        {"\xf0\x9f\x91\x8b!", "%\xf0\x9f\x91\x8b%", true},
    };
    struct ag_arena arena;
    ag_arena_init(&arena);
    for (size_t i = 0; i < AG_COUNT(cases); i++) {
        bool matches = !cases[i].matches;
        assert_ok(run_like(env, &arena, ag_str(cases[i].text), cases[i].pattern, &matches));
        if (matches != cases[i].matches)
            print_error("%s LIKE %s\n", cases[i].text, cases[i].pattern);
        assert_int_equal(matches, cases[i].matches);
    }
    bool matches;
    assert_int_not_equal(run_like(env, &arena, AG_STR("ab"), "a\\", &matches), AG_OK);
    ag_arena_done(&arena);
}

static void like_is_the_same_everywhere(void **state)
{
    on_db(*state, like_body);
}

/* ---- several loops ---- */

static void crowd_body(struct db_env *env)
{
    struct crowd c = {.env = env, .next = (int)ag_loop_index(ag_loop_self()) * 1000};
    run_crowd(&c, 300);
    assert_int_equal(c.good, 300);
}

static void *second_loop(void *arg)
{
    on_open_db(arg, 1, crowd_body);
    return NULL;
}

static void two_loops_write_side_by_side(void **state)
{
    struct db_env *env = *state;
    env->options.loops = 2;
    assert_ok(ag_db_open(&env->options, &env->db));
    on_open_db(env, 0, make_tables);
    struct db_env second = *env;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, second_loop, &second), 0);
    on_open_db(env, 0, crowd_body);
    pthread_join(thread, NULL);
    ag_db_close(AG_TAKE(env->db));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        db_test(values_round_trip),
        db_test(big_values_round_trip_within_the_limit),
        db_test(statements_count_what_they_change),
        db_test(misuse_is_an_internal_error),
        db_test(constraints_have_their_errors),
        db_test(failed_functions_leave_nothing),
        db_test(a_thousand_fibers_commit_in_groups),
        db_test(a_lock_lets_one_transaction_be_the_first),
        db_test(deadlocked_functions_run_again),
        db_test(jobs_end_with_their_results),
        db_test(jobs_may_want_a_transaction_of_their_own),
        db_test(the_queue_is_bounded_and_detaching_waits_for_it),
        db_test(a_failed_read_fails_no_other),
        db_test(a_cancelled_read_leaves_the_connection_whole),
        db_test(a_slow_read_ends_in_time),
        db_test(like_is_the_same_everywhere),
        db_test(two_loops_write_side_by_side),
    };
    return run_on_databases(tests, "db");
}
