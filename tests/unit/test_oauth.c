/* What identity providers say of people, and what goes along on a visit to one. */
#include "test_help.h"

#include "auth/oidc.h"
#include "core/oauth.h"

static struct ag_arena arena;

static int setup(void **state)
{
    ag_arena_init(&arena);
    return 0;
}

static int teardown(void **state)
{
    ag_arena_done(&arena);
    return 0;
}

/* ---- replies ---- */

static void token_replies_are_read(void **state)
{
    struct ag_oidc_tokens tokens;
    assert_ok(
        ag_oidc_tokens_parse(AG_STR("{\"access_token\":\"a\",\"token_type\":\"BEARER\","
                                    "\"id_token\":\"i\",\"scope\":null,\"expires_in\":\"1\"}"),
                             &arena, &tokens));
    assert_str(tokens.access_token, "a");
    assert_str(tokens.id_token, "i");
    static const struct {
        const char *json;
        enum ag_err err;
    } bad[] = {
        {"{\"error\":\"invalid_grant\"}", AG_E_UPSTREAM_REJECTED},
        {"{\"error\":null,\"access_token\":\"a\",\"token_type\":\"bearer\"}",
         AG_E_UPSTREAM_REJECTED},
        {"{\"error\":\"x\",\"error\":\"y\"}", AG_E_UPSTREAM_INVALID},
        {"{\"access_token\":\"a\"}", AG_E_UPSTREAM_INVALID},
        {"{\"token_type\":\"bearer\"}", AG_E_UPSTREAM_INVALID},
        {"{\"access_token\":\"a b\",\"token_type\":\"bearer\"}", AG_E_UPSTREAM_INVALID},
        {"{\"access_token\":\"a\",\"token_type\":\"mac\"}", AG_E_UPSTREAM_INVALID},
        {"{\"access_token\":\"a\",\"token_type\":\"bearer\",\"id_token\":7}",
         AG_E_UPSTREAM_INVALID},
        {"[]", AG_E_UPSTREAM_INVALID},
        {"access_token=a&token_type=bearer", AG_E_UPSTREAM_INVALID},
    };
    for (size_t i = 0; i < AG_COUNT(bad); i++)
        if (ag_oidc_tokens_parse(ag_str(bad[i].json), &arena, &tokens) != bad[i].err)
            fail_msg("%s", bad[i].json);
    assert_int_equal(
        ag_oidc_tokens_parse(AG_STR("{\"error\":\"invalid_client\"}"), &arena, &tokens),
        AG_E_UPSTREAM_REJECTED);
    assert_non_null(strstr(ag_diag_text(AG_E_UPSTREAM_REJECTED), "client id and secret"));
}

static void userinfo_is_of_the_same_person(void **state)
{
    struct ag_oidc_identity who;
    struct ag_str sub = AG_STR("person-1");
    assert_ok(ag_oidc_userinfo_parse(AG_STR("{\"sub\":\"person-1\",\"email\":\"a@b.test\"}"), sub,
                                     &arena, &who));
    assert_str(who.email, "a@b.test");
    assert_false(who.email_verified);
    static const char *const bad[] = {"{\"sub\":\"person-2\"}", "{}", "[]", "x",
                                      "{\"sub\":\"person-1\",\"sub\":\"person-1\"}"};
    for (size_t i = 0; i < AG_COUNT(bad); i++)
        assert_int_equal(ag_oidc_userinfo_parse(ag_str(bad[i]), sub, &arena, &who),
                         AG_E_UPSTREAM_INVALID);
}

static void github_accounts_are_numbers(void **state)
{
    struct ag_oidc_identity who;
    assert_ok(ag_github_user_parse(AG_STR("{\"id\":18446744073709551615,\"login\":\"mona\"}"),
                                   &arena, &who));
    assert_str(who.subject, "18446744073709551615");
    assert_str(who.name, "mona");
    assert_ok(ag_github_emails_parse(AG_STR("[{\"email\":\"a@b.test\",\"primary\":false,"
                                            "\"verified\":true},{\"email\":\"c@d.test\","
                                            "\"primary\":true,\"verified\":true}]"),
                                     &arena, &who));
    assert_str(who.email, "c@d.test");
    assert_true(who.email_verified);
    static const char *const bad[] = {"{\"id\":0}",   "{\"id\":-1}",         "{\"id\":\"1\"}",
                                      "{\"id\":1.0}", "{\"id\":1,\"id\":2}", "{}"};
    for (size_t i = 0; i < AG_COUNT(bad); i++)
        assert_int_equal(ag_github_user_parse(ag_str(bad[i]), &arena, &who), AG_E_UPSTREAM_INVALID);
}

static void names_are_cut_between_characters(void **state)
{
    struct ag_oidc_identity who;
    char json[600] = "{\"id\":1,\"name\":\"  ";
    for (int i = 0; i < 120; i++)
        strncat(json, "\xC3\xA9", 3);
    strncat(json, " \"}", 4);
    assert_ok(ag_github_user_parse(ag_str(json), &arena, &who));
    assert_int_equal(who.name.len, 200);
    assert_true(ag_utf8_valid(who.name));
}

/* ---- what goes along ---- */

static void challenges_are_those_of_the_standard(void **state)
{
    char challenge[AG_PKCE_CHALLENGE_CHARS + 1];
    /* RFC 7636, appendix B */
    ag_pkce_challenge(AG_STR("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), challenge);
    assert_string_equal(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

static void only_paths_of_this_site_are_gone_on_to(void **state)
{
    static const char *const good[] = {"/", "/a", "/a/b?c=//d&e=https://f#g//h", "/v1x", "/a/v1/"};
    static const char *const bad[] = {"",      "a",         "//a",      "/a//b",    "/\\a",
                                      "/a\\b", "https://a", "/a b",     "/a\tb",    "/a\nb",
                                      "/\x7f", "/\xC3\xA9", "/v1/auth", "/V1/auth", "/v1"};
    for (size_t i = 0; i < AG_COUNT(good); i++)
        assert_str(ag_oauth_next(ag_str(good[i]), AG_STR("/x")), good[i]);
    for (size_t i = 0; i < AG_COUNT(bad); i++)
        assert_str(ag_oauth_next(ag_str(bad[i]), AG_STR("/x")), "/x");
    char longest[AG_OAUTH_NEXT_MAX_BYTES + 1];
    memset(longest, 'a', sizeof(longest));
    longest[0] = '/';
    assert_int_equal(ag_oauth_next(ag_str_n(longest, sizeof(longest) - 1), AG_STR("/x")).len,
                     AG_OAUTH_NEXT_MAX_BYTES);
    assert_str(ag_oauth_next(ag_str_n(longest, sizeof(longest)), AG_STR("/x")), "/x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(token_replies_are_read),
        cmocka_unit_test(userinfo_is_of_the_same_person),
        cmocka_unit_test(github_accounts_are_numbers),
        cmocka_unit_test(names_are_cut_between_characters),
        cmocka_unit_test(challenges_are_those_of_the_standard),
        cmocka_unit_test(only_paths_of_this_site_are_gone_on_to),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
