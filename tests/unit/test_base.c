/* Errors, arenas, buffers, faults, log lines. */
#include "test_help.h"

#include "base/log.h"

#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif
#ifdef HAS_ASAN
#include <sanitizer/asan_interface.h>
#endif

/* ---- errors ---- */

static void test_error_table(void **state)
{
    for (int i = 0; i < AG_E_COUNT; i++) {
        const struct ag_err_info *row = ag_err_info((enum ag_err)i);
        assert_true(row->status >= 200 && row->status < 600);
        assert_true(strlen(row->title) > 0);
        /* Unique codes, so that a code leads back to its row. */
        assert_int_equal(ag_err_from_code(row->code), i);
    }
    assert_int_equal(ag_err_from_code("no_such_code"), AG_E_COUNT);
    assert_string_equal(ag_err_info((enum ag_err)12345)->code, "internal_error");
    assert_string_equal(ag_err_info((enum ag_err) - 1)->code, "internal_error");
}

static void test_diagnostic(void **state)
{
    ag_diag_clear();
    assert_string_equal(ag_diag_text(AG_E_NOT_FOUND), "There is nothing here");
    assert_int_equal(ag_fail(AG_E_IO, "read %d bytes", 3), AG_E_IO);
    for (int i = 0; i < 10; i++)
        assert_int_equal(ag_fail_more(AG_E_STORAGE, "cause %d", i), AG_E_STORAGE);
    assert_int_equal(ag_diag()->count, AG_DIAG_DEPTH);
    assert_string_equal(ag_diag_text(AG_E_STORAGE), "read 3 bytes");
    assert_string_equal(ag_diag()->entries[1].text, "cause 0");

    char text[1000];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_int_equal(ag_fail(AG_E_IO, "%s", text), AG_E_IO);
    assert_int_equal(ag_diag()->count, 1);
    assert_int_equal(strlen(ag_diag_text(AG_E_IO)), AG_DIAG_TEXT_BYTES - 1);

    /* Whatever is quoted, a diagnostic is text. */
    assert_int_equal(ag_fail(AG_E_IO, "it said %s", "\xE9t\xC3\xA9 \xF0\x9F"), AG_E_IO);
    assert_string_equal(ag_diag_text(AG_E_IO), "it said ?t\xC3\xA9 ??");
    assert_int_equal(ag_fail(AG_E_IO, "%190s%s", "", "\xC3\xA9"), AG_E_IO);
    assert_true(ag_utf8_valid(ag_str(ag_diag_text(AG_E_IO))));

    /* Another place to record leaves this one alone. */
    struct ag_diag other = {0};
    struct ag_diag *before = ag_diag_swap(&other);
    (void)ag_fail(AG_E_TIMEOUT, "late");
    assert_ptr_equal(ag_diag(), &other);
    ag_diag_swap(before);
    assert_int_equal(ag_diag()->entries[0].err, AG_E_IO);
    ag_diag_append(&other);
    assert_int_equal(ag_diag()->count, 2);
    assert_string_equal(ag_diag()->entries[1].text, "late");
}

/* ---- arenas ---- */

static void test_arena_alignment(void **state)
{
    struct ag_arena arena;
    ag_arena_init(&arena);
    for (size_t size = 0; size < 9000; size += 37) {
        char *p = ag_arena_alloc(&arena, size);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        memset(p, 0xA5, size);
    }
    char *zeros = ag_arena_zalloc(&arena, 3000);
    for (int i = 0; i < 3000; i++)
        assert_int_equal(zeros[i], 0);
    ag_arena_done(&arena);
    assert_int_equal(arena.used_bytes, 0);
    assert_int_equal(arena.reserved_bytes, 0);
    assert_non_null(ag_arena_alloc(&arena, 1)); /* can be used again */
    ag_arena_done(&arena);
}

/* Allocations keep their bytes while others come and grow. */
static void test_arena_keeps_bytes(void **state)
{
    struct ag_arena arena;
    ag_arena_init(&arena);
    struct {
        unsigned char *p;
        size_t size;
    } all[600];
    for (size_t i = 0; i < AG_COUNT(all); i++) {
        all[i].size = i % 7 == 0 ? 2500 + i * 13 : i;
        all[i].p = ag_arena_alloc(&arena, all[i].size);
        assert_non_null(all[i].p);
        memset(all[i].p, (int)i & 0xFF, all[i].size);
        size_t j = i * 7919 % (i + 1); /* some earlier one grows */
        size_t grown = all[j].size + 1 + i * 3;
        all[j].p = ag_arena_realloc(&arena, all[j].p, all[j].size, grown);
        assert_non_null(all[j].p);
        memset(all[j].p + all[j].size, (int)j & 0xFF, grown - all[j].size);
        all[j].size = grown;
    }
    for (size_t i = 0; i < AG_COUNT(all); i++)
        for (size_t k = 0; k < all[i].size; k++)
            assert_int_equal(all[i].p[k], i & 0xFF);
    ag_arena_done(&arena);
}

static void test_arena_grows_in_place(void **state)
{
    struct ag_arena arena;
    ag_arena_init(&arena);
    assert_non_null(ag_arena_alloc(&arena, 100));
    char *p = ag_arena_alloc(&arena, 10);
    assert_ptr_equal(ag_arena_realloc(&arena, p, 10, 1000), p);
    assert_int_equal(arena.used_bytes, 1100);
    assert_ptr_equal(ag_arena_realloc(&arena, p, 1000, 5), p); /* shrinking moves nothing */

    /* A large one takes its block along: growing to 8 MiB leaves no smaller copies behind. */
    size_t size = 4096;
    char *large = ag_arena_alloc(&arena, size);
    memset(large, 'L', size);
    for (; size < 8 << 20; size *= 2) {
        large = ag_arena_realloc(&arena, large, size, size * 2);
        assert_non_null(large);
        assert_int_equal(large[4095], 'L');
        memset(large + size, 'l', size);
    }
    assert_true(arena.reserved_bytes < size + 3 * AG_ARENA_BLOCK_BYTES);
    assert_ptr_equal(ag_arena_realloc(&arena, NULL, 0, 0) == NULL, false);
    ag_arena_done(&arena);
}

static void test_arena_ceiling(void **state)
{
    struct ag_arena arena;
    ag_arena_init(&arena);
    assert_int_equal(arena.max_bytes, AG_ARENA_MAX_BYTES);
    assert_null(ag_arena_alloc(&arena, AG_ARENA_MAX_BYTES + 1));
    assert_null(ag_arena_alloc(&arena, SIZE_MAX));
    assert_null(ag_arena_alloc(&arena, SIZE_MAX - 8));
    assert_null(AG_ARENA_ARRAY(&arena, uint64_t, SIZE_MAX / 4));

    arena.max_bytes = 10000;
    char *p = ag_arena_alloc(&arena, 4000);
    assert_non_null(p);
    assert_null(ag_arena_alloc(&arena, 6001));
    assert_null(ag_arena_realloc(&arena, p, 4000, 10001));
    assert_non_null(ag_arena_alloc(&arena, 5999));
    assert_non_null(ag_arena_alloc(&arena, 1));
    assert_null(ag_arena_alloc(&arena, 1));
    assert_null(ag_arena_printf(&arena, "%s", "x").data);
    assert_null(ag_arena_copy(&arena, AG_STR("x")).data);
    assert_null(ag_arena_cstr(&arena, ag_str_n("", SIZE_MAX)));
    ag_arena_reset(&arena);
    assert_non_null(ag_arena_alloc(&arena, 10000));
    ag_arena_done(&arena);
}

static void test_arena_reset_keeps_one_block(void **state)
{
    struct ag_arena arena;
    ag_arena_init(&arena);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 50; i++) {
            assert_non_null(ag_arena_alloc(&arena, 500));
            assert_non_null(ag_arena_alloc(&arena, 50000));
        }
        ag_arena_reset(&arena);
        assert_int_equal(arena.used_bytes, 0);
        assert_true(arena.reserved_bytes > 0 && arena.reserved_bytes <= AG_ARENA_BLOCK_BYTES);
    }
    /* Only large blocks: nothing worth keeping. */
    ag_arena_done(&arena);
    assert_non_null(ag_arena_alloc(&arena, 50000));
    ag_arena_reset(&arena);
    assert_int_equal(arena.reserved_bytes, 0);
    ag_arena_done(&arena);
}

static void test_arena_poisons(void **state)
{
#ifdef HAS_ASAN
    struct ag_arena arena;
    ag_arena_init(&arena);
    char *p = ag_arena_alloc(&arena, 10), *next = ag_arena_alloc(&arena, 10);
    assert_false(__asan_address_is_poisoned(p + 9));
    assert_true(__asan_address_is_poisoned(p + 10));
    assert_true(next - p > 16);
    char *large = ag_arena_alloc(&arena, 100001);
    large = ag_arena_realloc(&arena, large, 100001, 200001);
    assert_false(__asan_address_is_poisoned(large + 200000));
    assert_true(__asan_address_is_poisoned(large + 200001));
    ag_arena_reset(&arena);
    assert_true(__asan_address_is_poisoned(p));
    assert_true(__asan_address_is_poisoned(next));
    ag_arena_done(&arena);
    assert_true(__asan_address_is_poisoned(p)); /* in the pool */
    ag_arena_pool_done();
#endif
}

static void *arena_thread(void *arg)
{
    struct ag_arena *arena = arg;
    for (int i = 0; i < 400; i++)
        if (!ag_arena_zalloc(arena, 3000)) return NULL;
    struct ag_arena own;
    ag_arena_init(&own);
    for (int i = 0; i < 400; i++)
        if (!ag_arena_zalloc(&own, 1500)) return NULL;
    ag_arena_done(&own); /* more than the pool holds; the rest goes when the thread ends */
    return arena;
}

static void test_arena_moves_between_threads(void **state)
{
    struct ag_arena arena;
    ag_arena_init(&arena);
    char *kept = ag_arena_cstr(&arena, AG_STR("from the first thread"));
    for (int i = 0; i < 3; i++) {
        pthread_t thread;
        void *result;
        assert_int_equal(pthread_create(&thread, NULL, arena_thread, &arena), 0);
        assert_int_equal(pthread_join(thread, &result), 0);
        assert_ptr_equal(result, &arena);
    }
    assert_string_equal(kept, "from the first thread");
    ag_arena_done(&arena);
    ag_arena_pool_done();
    ag_arena_pool_done();
}

static void test_arena_text(void **state)
{
    struct ag_arena arena;
    ag_arena_init(&arena);
    struct ag_str empty = ag_arena_copy(&arena, (struct ag_str){NULL, 0});
    assert_non_null(empty.data);
    assert_int_equal(empty.len, 0);
    assert_int_equal(empty.data[0], '\0');
    struct ag_str nul = ag_arena_copy(&arena, ag_str_n("a\0b", 3));
    assert_memory_equal(nul.data, "a\0b", 4);
    assert_str(ag_arena_printf(&arena, "%d-%s", 42, "x"), "42-x");

    char text[3001];
    memset(text, 'y', 3000);
    for (int len = 250; len < 262; len++) {
        text[len] = '\0';
        struct ag_str out = ag_arena_printf(&arena, "%s", text);
        assert_str(out, text);
        assert_int_equal(out.data[len], '\0');
        text[len] = 'y';
    }
    text[3000] = '\0';
    assert_str(ag_arena_printf(&arena, "%s", text), text);
    ag_arena_done(&arena);
}

/* ---- buffers ---- */

static void test_buf_grows_to_its_ceiling(void **state)
{
    struct ag_arena arena;
    ag_arena_init(&arena);
    for (int in_arena = 0; in_arena < 2; in_arena++) {
        for (size_t max = 0; max < 1500; max += 123) {
            struct ag_buf buf;
            ag_buf_init(&buf, in_arena ? &arena : NULL, max);
            for (size_t i = 0; i < max; i++)
                assert_ok(ag_buf_append_char(&buf, (char)('a' + i % 26)));
            assert_int_equal(ag_buf_err(&buf), AG_OK);
            assert_int_equal(ag_buf_append_char(&buf, '!'), AG_E_TOO_LARGE);
            assert_int_equal(ag_buf_append(&buf, "", 0), AG_E_TOO_LARGE); /* it remembers */
            assert_int_equal(buf.len, max);
            assert_true(buf.cap <= max);
            for (size_t i = 0; i < max; i++)
                assert_int_equal(buf.data[i], 'a' + i % 26);
            ag_buf_clear(&buf);
            assert_int_equal(ag_buf_err(&buf), AG_OK);
            assert_int_equal(ag_buf_append_lit(&buf, "x"), max > 0 ? AG_OK : AG_E_TOO_LARGE);
            ag_buf_done(&buf);
            ag_buf_done(&buf);
        }
    }
    ag_arena_done(&arena);
}

static void test_buf_huge_requests(void **state)
{
    struct ag_buf buf;
    ag_buf_init(&buf, NULL, 1000);
    assert_ok(ag_buf_append_lit(&buf, "abc"));
    assert_int_equal(ag_buf_reserve(&buf, SIZE_MAX), AG_E_TOO_LARGE);
    assert_str(ag_buf_str(&buf), "abc");
    ag_buf_clear(&buf);
    assert_int_equal(ag_buf_reserve(&buf, SIZE_MAX - 2), AG_E_TOO_LARGE);
    ag_buf_done(&buf);
    /* A ceiling near the top of the address space must not make doubling wrap round. */
    ag_buf_init(&buf, NULL, SIZE_MAX);
    assert_ok(ag_buf_append_lit(&buf, "abc"));
    ag_buf_done(&buf);
}

static void test_buf_numbers_and_text(void **state)
{
    struct ag_buf buf;
    ag_buf_init(&buf, NULL, 1 << 16);
    ag_buf_append_int(&buf, 0);
    ag_buf_append_int(&buf, -1);
    ag_buf_append_int(&buf, INT64_MAX);
    ag_buf_append_int(&buf, INT64_MIN);
    assert_str(ag_buf_str(&buf), "0-19223372036854775807-9223372036854775808");
    ag_buf_clear(&buf);
    ag_buf_append_str(&buf, (struct ag_str){NULL, 0});
    ag_buf_printf(&buf, "%s=%d;", "k", 7);
    assert_str(ag_buf_str(&buf), "k=7;");
    ag_buf_consume(&buf, 2);
    assert_str(ag_buf_str(&buf), "7;");
    ag_buf_consume(&buf, 100);
    assert_int_equal(buf.len, 0);
    for (int len = 509; len < 516; len++) {
        ag_buf_clear(&buf);
        assert_ok(ag_buf_printf(&buf, "%*d", len, 1));
        assert_int_equal(buf.len, len);
    }
    ag_buf_done(&buf);

    /* A short text fits to the last byte. */
    ag_buf_init(&buf, NULL, 4);
    assert_ok(ag_buf_printf(&buf, "%s", "1234"));
    assert_str(ag_buf_str(&buf), "1234");
    assert_int_equal(ag_buf_printf(&buf, "5"), AG_E_TOO_LARGE);
    assert_str(ag_buf_str(&buf), "1234");
    ag_buf_done(&buf);
}

static enum ag_err build_document(void *arg)
{
    struct ag_arena arena;
    ag_arena_init(&arena);
    struct ag_buf heap, inside;
    ag_buf_init(&heap, NULL, 1 << 20);
    ag_buf_init(&inside, arg ? &arena : NULL, 1 << 20);
    for (int i = 0; i < 3000; i++) {
        ag_buf_json_string(&heap, AG_STR("a \"quoted\" word"));
        ag_buf_printf(&inside, "%d,%s", i, "text");
    }
    enum ag_err err = ag_buf_err(&heap) ? ag_buf_err(&heap) : ag_buf_err(&inside);
    if (err == AG_OK && !ag_arena_printf(&arena, "%300d", 1).data) err = AG_E_NO_MEMORY;
    if (err == AG_OK && !ag_arena_realloc(&arena, NULL, 0, 10)) err = AG_E_NO_MEMORY;
    ag_buf_done(&heap);
    ag_buf_done(&inside);
    ag_arena_done(&arena);
    return err;
}

static void test_buf_out_of_memory(void **state)
{
    bool in_arena = true;
    int heap = torture(build_document, NULL), arena = torture(build_document, &in_arena);
    assert_true(heap == 0 || heap > 10); /* 0 in a build without faults */
    assert_true(arena == 0 || arena > 10);
}

/* ---- faults ---- */

static void test_faults(void **state)
{
#ifdef AG_DEBUG
    assert_ok(ag_fault_arm(AG_STR("")));
    assert_ok(ag_fault_arm((struct ag_str){NULL, 0}));
    assert_false(AG_FAULT(commit));
    assert_ok(ag_fault_arm(AG_STR("commit=2,accept=-1,,spawn=1@3")));
    assert_true(AG_FAULT(commit));
    assert_true(AG_FAULT(commit));
    assert_false(AG_FAULT(commit));
    for (int i = 0; i < 100; i++)
        assert_true(AG_FAULT(accept));
    assert_false(AG_FAULT(spawn));
    assert_false(AG_FAULT(spawn));
    assert_true(AG_FAULT(spawn));
    assert_false(AG_FAULT(spawn));
    assert_ok(ag_fault_arm(AG_STR("accept=0")));
    assert_false(AG_FAULT(accept));

    static const char *const bad[] = {"nothing=1", "commit",     "commit=",    "commit=x",
                                      "commit=1@", "commit=1@0", "commit=1@x", "=1"};
    for (size_t i = 0; i < AG_COUNT(bad); i++)
        assert_int_equal(ag_fault_arm(ag_str(bad[i])), AG_E_INVALID);
    assert_false(AG_FAULT(commit));
#else
    assert_ok(ag_fault_arm(AG_STR("")));
    assert_int_equal(ag_fault_arm(AG_STR("commit=1")), AG_E_INVALID);
#endif
}

/* ---- log lines ---- */

static char logged[16384];

/* What `fn` writes to standard error. */
static size_t capture(void (*fn)(void))
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    int saved = dup(STDERR_FILENO);
    assert_true(saved >= 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    fn();
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    close(saved);
    close(ends[1]);
    size_t len = 0;
    for (ssize_t n; (n = read(ends[0], logged + len, sizeof(logged) - 1 - len)) > 0;)
        len += (size_t)n;
    close(ends[0]);
    logged[len] = '\0';
    return len;
}

static void log_pairs(void)
{
    ag_log(AG_LOG_INFO, "listening", AG_LC("url", "http://127.0.0.1:5000"), AG_LI("loops", -2));
    ag_log(AG_LOG_WARN, "odd", AG_LC("empty", ""), AG_LC("words", "two words"), AG_LC("none", NULL),
           AG_LS("raw", AG_STR("q\"b\\n\nt\tx\x1b[m\xff=\xc3\xa9")));
    ag_log(AG_LOG_ERROR, "bare");
    ag_log(AG_LOG_DEBUG, "hidden");
}

static void test_log_quotes(void **state)
{
    capture(log_pairs);
    char *line = logged;
    assert_true(line[10] == 'T' && line[23] == 'Z');
    char *end = strchr(line, '\n');
    *end = '\0';
    assert_string_equal(line + 24, " info listening url=http://127.0.0.1:5000 loops=-2");
    line = end + 1;
    end = strchr(line, '\n');
    *end = '\0';
    assert_string_equal(line + 24, " warn odd empty=\"\" words=\"two words\" none=\"\" "
                                   "raw=\"q\\\"b\\\\n\\nt\\x09x\\x1b[m\\xff=\xc3\xa9\"");
    line = end + 1;
    assert_string_equal(line + 24, " error bare\n");
}

static char long_value[5000];

static void log_long(void)
{
    ag_log(AG_LOG_INFO, "long", AG_LC("value", long_value), AG_LI("after", 1));
}

static void test_log_lines_are_bounded(void **state)
{
    static const char *const units[] = {"x", "\xe2\x82\xac", "\n", "a "};
    for (size_t u = 0; u < AG_COUNT(units); u++) {
        for (size_t skew = 0; skew < 5; skew++) {
            memset(long_value, '_', sizeof(long_value) - 1);
            size_t n = strlen(units[u]);
            for (size_t at = skew; at + n < sizeof(long_value) - 1; at += n)
                memcpy(long_value + at, units[u], n);
            size_t len = capture(log_long);
            assert_true(len > 2000 && len <= 2048);
            assert_string_equal(logged + len - 4, "...\n");
            assert_ptr_equal(strchr(logged, '\n'), logged + len - 1);
            assert_true(ag_utf8_valid(ag_str(logged)));
        }
    }
}

static void log_chain(void)
{
    (void)ag_fail(AG_E_IO, "disk \"a\" is gone");
    ag_log_diag(AG_LOG_ERROR, "commit_failed", ag_fail_more(AG_E_STORAGE, "commit"));
    ag_log_set_level(AG_LOG_OFF);
    ag_log_diag(AG_LOG_ERROR, "hidden", AG_E_IO);
    ag_log(AG_LOG_ERROR, "hidden");
    ag_log_set_level(AG_LOG_INFO);
}

static void test_log_diagnostic(void **state)
{
    capture(log_chain);
    assert_non_null(strstr(logged, " error commit_failed code=storage_unavailable "
                                   "error=\"disk \\\"a\\\" is gone\" at="));
    assert_non_null(strstr(logged, " then=commit at="));
    assert_null(strstr(logged, "hidden"));
}

static void test_log_levels(void **state)
{
    enum ag_log_level level = AG_LOG_OFF;
    assert_ok(ag_log_level_parse(AG_STR("debug"), &level));
    assert_int_equal(level, AG_LOG_DEBUG);
    assert_int_equal(ag_log_level_parse(AG_STR("Debug"), &level), AG_E_INVALID);
    assert_int_equal(ag_log_level_parse(AG_STR(""), &level), AG_E_INVALID);
    assert_int_equal(level, AG_LOG_DEBUG);
    ag_log_set_level(AG_LOG_WARN);
    assert_false(ag_log_enabled(AG_LOG_INFO));
    assert_true(ag_log_enabled(AG_LOG_WARN));
    ag_log_set_level(AG_LOG_INFO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error_table),
        cmocka_unit_test(test_diagnostic),
        cmocka_unit_test(test_arena_alignment),
        cmocka_unit_test(test_arena_keeps_bytes),
        cmocka_unit_test(test_arena_grows_in_place),
        cmocka_unit_test(test_arena_ceiling),
        cmocka_unit_test(test_arena_reset_keeps_one_block),
        cmocka_unit_test(test_arena_poisons),
        cmocka_unit_test(test_arena_moves_between_threads),
        cmocka_unit_test(test_arena_text),
        cmocka_unit_test(test_buf_grows_to_its_ceiling),
        cmocka_unit_test(test_buf_huge_requests),
        cmocka_unit_test(test_buf_numbers_and_text),
        cmocka_unit_test(test_buf_out_of_memory),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_log_quotes),
        cmocka_unit_test(test_log_lines_are_bounded),
        cmocka_unit_test(test_log_diagnostic),
        cmocka_unit_test(test_log_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
