/* Whom a principal is and what it meets: keys limited to agents, viewers, and the caches they
 * share. */
#include "test_help.h"

#include "core/internal.h"

static struct ag_uuid uuid(uint8_t last)
{
    struct ag_uuid id = {{0}};
    id.bytes[15] = last;
    return id;
}

#define ID(n) "00000000-0000-0000-0000-0000000000" n

static void a_list_of_agents_limits(void **state)
{
    (void)state;
    struct ag_principal key = {.credential = AG_CRED_KEY};
    ag_principal_limit(&key, AG_STR("[]"));
    assert_false(key.agents_limited);
    assert_true(ag_principal_reaches(&key, uuid(1)));
    /* As SQLite and as PostgreSQL write it. */
    const char *const lists[] = {"[\"" ID("01") "\",\"" ID("02") "\"]",
                                 "[\"" ID("01") "\", \"" ID("02") "\"]"};
    for (size_t i = 0; i < AG_COUNT(lists); i++) {
        ag_principal_limit(&key, ag_str(lists[i]));
        assert_int_equal(key.agent_count, 2);
        assert_true(ag_principal_reaches(&key, uuid(1)));
        assert_true(ag_principal_reaches(&key, uuid(2)));
        assert_false(ag_principal_reaches(&key, uuid(3)));
        assert_false(ag_principal_reaches(&key, uuid(0)));
    }
}

static void what_is_no_list_of_agents_allows_none(void **state)
{
    (void)state;
    const char *const lists[] = {
        "",
        "null",
        "{}",
        "[ ]",
        "[\"\"]",
        "[\"x\"]",
        "[1]",
        "[\"" ID("0") "\"]",
        "\"" ID("01"),
        "[" ID("01") "]",
    };
    for (size_t i = 0; i < AG_COUNT(lists); i++) {
        struct ag_principal key = {.credential = AG_CRED_KEY};
        ag_principal_limit(&key, ag_str(lists[i]));
        assert_true(key.agents_limited);
        /* An unfinished one may name what it names, and nothing else. */
        assert_false(ag_principal_reaches(&key, uuid(2)));
        assert_false(ag_principal_reaches(&key, uuid(0)));
    }
}

static void a_list_of_agents_has_an_end(void **state)
{
    (void)state;
    char text[40 * 40] = "[";
    size_t len = 1;
    for (int i = 1; i <= 30; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s\"" ID("%02x") "\"",
                                i > 1 ? "," : "", (unsigned)i);
    snprintf(text + len, sizeof(text) - len, "]");
    struct ag_principal key = {.credential = AG_CRED_KEY};
    ag_principal_limit(&key, ag_str(text));
    assert_int_equal(key.agent_count, AG_KEY_MAX_AGENTS);
    assert_true(ag_principal_reaches(&key, uuid(AG_KEY_MAX_AGENTS)));
    assert_false(ag_principal_reaches(&key, uuid(AG_KEY_MAX_AGENTS + 1)));
}

static void viewers_are_people(void **state)
{
    (void)state;
    struct ag_principal who = {.credential = AG_CRED_KEY, .user_id = uuid(7), .is_personal = true};
    assert_true(ag_uuid_eq(ag_principal_viewer(&who), uuid(7)));
    assert_true(ag_principal_alone(&who));
    who.shared_key = true;
    assert_true(ag_uuid_is_nil(ag_principal_viewer(&who)));
    assert_false(ag_principal_alone(&who));
    struct ag_principal visitor = {.user_id = uuid(7), .is_visitor = true, .is_personal = true};
    assert_true(ag_uuid_is_nil(ag_principal_viewer(&visitor)));
    assert_false(ag_principal_alone(&visitor));
    struct ag_principal member = {.credential = AG_CRED_COOKIE, .user_id = uuid(7)};
    assert_false(ag_principal_alone(&member));
}

static void visitors_run_agents_and_nothing_else(void **state)
{
    (void)state;
    struct ag_principal visitor = {.is_visitor = true,
                                   .permissions = ag_permission_bit(AG_PERM_AI_RUN)};
    for (unsigned i = AG_PERM_PUBLIC + 1; i < AG_PERM_COUNT; i++)
        assert_int_equal(ag_principal_may(&visitor, (enum ag_permission)i), i == AG_PERM_AI_RUN);
    assert_false(ag_principal_may(&visitor, AG_PERM_UNSET));
}

static void keys_of_an_organisation_hold_nothing_of_people_or_the_server(void **state)
{
    (void)state;
    uint64_t most = ag_shared_key_permissions();
    assert_int_equal(most & ag_role_permissions(AG_ROLE_SERVER), 0);
    assert_int_equal(most & ag_permission_bit(AG_PERM_ACCOUNT_READ), 0);
    assert_int_equal(most & ag_permission_bit(AG_PERM_ACCOUNT_WRITE), 0);
    assert_true(most & ag_permission_bit(AG_PERM_AI_RUN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_of_agents_limits),
        cmocka_unit_test(what_is_no_list_of_agents_allows_none),
        cmocka_unit_test(a_list_of_agents_has_an_end),
        cmocka_unit_test(viewers_are_people),
        cmocka_unit_test(visitors_run_agents_and_nothing_else),
        cmocka_unit_test(keys_of_an_organisation_hold_nothing_of_people_or_the_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
