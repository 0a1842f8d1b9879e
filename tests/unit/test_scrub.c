/* The scrubber: what is taken out, what stays, and that nothing gets past its limits. */
#include "test_help.h"

#include "base/clock.h"
#include "core/scrub.h"

static struct ag_str scrub(struct ag_arena *arena, struct ag_str text, size_t max)
{
    struct ag_str scrubbed;
    assert_ok(ag_scrub(text, max, arena, &scrubbed));
    assert_true(scrubbed.len <= max);
    assert_true(ag_utf8_valid(scrubbed));
    return scrubbed;
}

struct pair {
    const char *text, *scrubbed;
};

static void check(const struct pair *pairs, size_t count)
{
    struct ag_arena arena;
    ag_arena_init(&arena);
    for (size_t i = 0; i < count; i++)
        assert_str(scrub(&arena, ag_str(pairs[i].text), 10000), pairs[i].scrubbed);
    ag_arena_done(&arena);
}

#define HEX32 "0123456789abcdef0123456789abcdef"
#define MIX32 "Abcdefgh1jklmnopQrstuvwxyz234567"

static void addresses_lose_what_they_were_called_with(void **state)
{
    static const struct pair pairs[] = {
        {"GET https://a.example/x?token=1 failed", "GET https://a.example/x?… failed"},
        {"at f (https://a.example/app.js?v=3:10:5)", "at f (https://a.example/app.js?…:10:5)"},
        {"at https://a.example/app.js:10:5", "at https://a.example/app.js:10:5"},
        {"/reset-password#access=1", "/reset-password#…"},
        {"see \"/agents?q=me,you;them|us&x[]=1\" now", "see \"/agents?…\" now"},
        {"https://ada:pw@a.example/x", "https://…@a.example/x"},
        {"agk_x://ada:pw@a.example/x", "[token]://…@a.example/x"},
        {"wss://k@y@a.example/x?b#c", "wss://…@a.example/x?…"},
        {"redirect?next=https://b.example/?k=v", "redirect?…"},
        /* no addresses */
        {"a?.b is undefined. Why? #3", "a?.b is undefined. Why? #3"},
        {"x ? y : z", "x ? y : z"},
        {"Cannot read #secret of undefined", "Cannot read #secret of undefined"},
    };
    check(pairs, AG_COUNT(pairs));
}

static void credentials_are_replaced(void **state)
{
    static const struct pair pairs[] = {
        {"key agk_AbCdEf is bad", "key [token] is bad"},
        {"(ags_x),agr_y!", "([token]),[token]!"},
        /* One link in 1,400 has no digit that would give it away. */
        {"agm_AbcdefghijklmnopqrstuvwxyzAbcdefghijklmno-_", "[token]"},
        {"agi_Abcdefghijk and ago_Abcdefghijk, not agi_model",
         "[token] and [token], not agi_model"},
        {"sk-proj-abcdefgh_12 and sk-short", "[token] and sk-short"},
        {"the task-management-service stays", "the task-management-service stays"},
        {"Authorization: Bearer abc.def", "Authorization: Bearer [token]"},
        {"authorization:bearer  x y", "authorization:bearer  [token] y"},
        {"\"Bearer\nabc", "\"Bearer\n[token]"},
        {"jwt=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln.", "jwt=[token]"},
        {"eyJ is no token", "eyJ is no token"},
        {"ghp_0123456789abcdef AKIAIOSFODNN7EXAMPLE xoxb-123-456-abc", "[token] [token] [token]"},
        {"/files/" HEX32 "/x", "/files/[secret]/x"},
        {"hash=" MIX32 "==", "hash=[secret]"},
        {"hash=" MIX32 "==agk_x", "hash=[secret][token]"},
        {"id 01a20374-9f9e-7367-b861-921c95dc8b77 stays",
         "id 01a20374-9f9e-7367-b861-921c95dc8b77 stays"},
        {"aRatherLongFunctionNameWithoutAnyDigitsInIt",
         "aRatherLongFunctionNameWithoutAnyDigitsInIt"},
        {"page-8f3c2a1b9d7e6f50.js", "page-8f3c2a1b9d7e6f50.js"},
    };
    check(pairs, AG_COUNT(pairs));
}

static void people_are_not_named(void **state)
{
    static const struct pair pairs[] = {
        {"mail ada.love+x@mail.example.org.", "mail [email]."},
        {"[a@b.cc],{c@d.ee}", "[[email]],{[email]}"},
        {"to=bob@x.io;cc=eve@y.io", "to=[email];cc=[email]"},
        {"j\xC3\xB6rg@m\xC3\xBCller.de", "[email]"},
        {"mailto:a@b.cc?subject=x", "mailto:[email]?…"},
        {"node_modules/react@18.2.0/index.js", "node_modules/react@18.2.0/index.js"},
        {"@media and a @ b", "@media and a @ b"},
    };
    check(pairs, AG_COUNT(pairs));
}

static void control_characters_and_bad_bytes(void **state)
{
    struct ag_arena arena;
    ag_arena_init(&arena);
    assert_str(scrub(&arena, AG_STR("a\tb\r\nc\x7f\x1b[31m"), 100), "a b \nc  [31m");
    assert_str(scrub(&arena, AG_STR("a\0b"), 100), "a b");
    assert_str(scrub(&arena, AG_STR("x\xff\xc3"), 100), "x\xEF\xBF\xBD\xEF\xBF\xBD");
    assert_str(scrub(&arena, AG_STR(""), 100), "");
    /* cut between characters */
    assert_str(scrub(&arena, AG_STR("\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC"), 7),
               "\xE2\x82\xAC\xE2\x82\xAC");
    ag_arena_done(&arena);
}

/* What was scrubbed has nothing left to scrub, whatever stands around it. */
static void nothing_hides_in_its_surroundings(void **state)
{
    static const char *const secrets[] = {"agk_SECRETSECRET", "sk-secretsecret1",
                                          "eve@secret.example", "x.y?secret=1&b=secret",
                                          "eyJSECRETSECRET.SECRET.SECRET"};
    static const char *const around[] = {" ", "\n", "(", ")", "\"", "'", "=",
                                         ":", ",",  ";", "/", "[",  "]", "{",
                                         "}", "<",  ">", "|", "!",  "`", "\xE2\x80\xA6"};
    struct ag_arena arena;
    ag_arena_init(&arena);
    for (size_t s = 0; s < AG_COUNT(secrets); s++) {
        for (size_t a = 0; a < AG_COUNT(around); a++) {
            struct ag_str text = ag_arena_printf(&arena, "word%s%s%sword", around[a], secrets[s],
                                                 around[a]);
            struct ag_str scrubbed = scrub(&arena, text, 1000);
            assert_int_equal(ag_str_find(scrubbed, AG_STR("secret")), -1);
            assert_int_equal(ag_str_find(scrubbed, AG_STR("SECRET")), -1);
        }
    }
    ag_arena_done(&arena);
}

/* The work grows with the text, whatever it is made of. */
static void hostile_texts_take_no_longer(void **state)
{
    static const char *const units[] = {
        "a.", "a@",      "eyJ",  ".", "@a.",      "?=", "?a",  "#", "://",
        "a-", "Bearer ", "agk_", "/", "\xC3\xA9", ":1", "sk-", "=a"};
    enum { BYTES = 256 * 1024 };
    char *text = malloc(BYTES);
    struct ag_arena arena;
    for (size_t u = 0; u < AG_COUNT(units); u++) {
        size_t unit = strlen(units[u]);
        for (size_t i = 0; i < BYTES; i++)
            text[i] = units[u][i % unit];
        int64_t began = ag_mono_ms();
        ag_arena_init(&arena);
        scrub(&arena, ag_str_n(text, BYTES), 4 * BYTES + 16);
        ag_arena_done(&arena);
        assert_in_range(ag_mono_ms() - began, 0, 5000);
    }
    free(text);
}

static enum ag_err scrub_once(void *arg)
{
    struct ag_arena arena;
    struct ag_str scrubbed;
    ag_arena_init(&arena);
    enum ag_err err = ag_scrub(AG_STR("mail a@b.cc"), 100, &arena, &scrubbed);
    ag_arena_done(&arena);
    return err;
}

static void out_of_memory_is_told(void **state)
{
    torture(scrub_once, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_lose_what_they_were_called_with),
        cmocka_unit_test(credentials_are_replaced),
        cmocka_unit_test(people_are_not_named),
        cmocka_unit_test(control_characters_and_bad_bytes),
        cmocka_unit_test(nothing_hides_in_its_surroundings),
        cmocka_unit_test(hostile_texts_take_no_longer),
        cmocka_unit_test(out_of_memory_is_told),
    };
    return cmocka_run_group_tests_name("scrub", tests, NULL, NULL);
}
