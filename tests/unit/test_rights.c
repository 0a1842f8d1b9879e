/* What members may do, and who may give it. */
#include "test_help.h"

#include "core/orgs.h"

static uint64_t bits(struct ag_str json)
{
    return ag_permissions_from_json(json);
}

static uint64_t role(const char *name)
{
    return ag_member_permissions(ag_str(name), (struct ag_str){0});
}

#define ACCOUNT AG_STR("[\"account:read\",\"account:write\"]")

static void a_built_in_role_is_its_column(void **state)
{
    for (unsigned i = 0; i < AG_ORG_ROLES; i++)
        assert_true(role(ag_role_name((enum ag_role)i)) == ag_role_permissions((enum ag_role)i));
    assert_true(role("system") == 0);
    assert_true(role("") == 0);
    assert_true(role("OWNER") == 0);
}

static void a_role_of_ones_own_is_its_list_and_the_account(void **state)
{
    struct ag_str none = AG_STR("[]"), some = AG_STR("[\"agents:read\",\"nonsense\"]");
    assert_true(ag_member_permissions(AG_STR("viewer"), none) == bits(ACCOUNT));
    assert_true(ag_member_permissions(AG_STR("viewer"), some) ==
                (bits(ACCOUNT) | ag_permission_bit(AG_PERM_AGENTS_READ)));
    /* Whatever the row of the member says beside. */
    assert_true(ag_member_permissions(AG_STR("owner"), none) == bits(ACCOUNT));
}

static void it_never_holds_what_is_an_owners_or_the_servers(void **state)
{
    struct ag_buf all;
    ag_buf_init(&all, NULL, 8192);
    for (unsigned i = AG_PERM_PUBLIC; i < AG_PERM_COUNT; i++)
        ag_buf_printf(&all, "\"%s\",", ag_permission_info((enum ag_permission)i)->name);
    uint64_t held = ag_member_permissions(AG_STR("viewer"), ag_buf_str(&all));
    assert_true(held == ag_role_permissions(AG_ROLE_ADMIN));
    assert_false(held & ag_permission_bit(AG_PERM_ORG_DELETE));
    assert_false(held & ag_role_permissions(AG_ROLE_SERVER));
    assert_false(held & ag_permission_bit(AG_PERM_PUBLIC));
    ag_buf_done(&all);
}

static void what_is_given_must_be_held(void **state)
{
    static const char *const names[] = {"owner", "admin", "manager", "member", "viewer"};
    for (size_t giver = 0; giver < AG_COUNT(names); giver++)
        for (size_t given = 0; given < AG_COUNT(names); given++)
            assert_true(ag_may_grant(role(names[giver]), role(names[given])) == (giver <= given));
    /* The administrator of the server is no more than a member elsewhere. */
    assert_false(
        ag_may_grant(role("viewer") | ag_role_permissions(AG_ROLE_SERVER), role("member")));
    assert_true(ag_may_grant(0, bits(ACCOUNT)));
    assert_true(ag_may_grant(0, 0));
    assert_false(ag_may_grant(0, ag_permission_bit(AG_PERM_ORG_READ)));
}

static void lists_keep_the_order_of_the_table(void **state)
{
    struct ag_arena arena;
    struct ag_str json;
    struct ag_list names;
    ag_arena_init(&arena);
    uint64_t mask = bits(AG_STR("[\"prompts:read\",\"account:read\",\"agents:read\"]"));
    assert_ok(ag_permissions_to_json(mask, &arena, &json));
    assert_str(json, "[\"account:read\",\"agents:read\",\"prompts:read\"]");
    assert_true(bits(json) == mask);
    assert_ok(ag_permission_names(0, &arena, &names));
    assert_int_equal(names.count, 0);
    assert_ok(ag_permissions_to_json(0, &arena, &json));
    assert_str(json, "[]");
    ag_arena_done(&arena);
}

/* An invitation that holds: made by an admin, for a viewer, until 1000. */
static struct ag_invited invited(void)
{
    return (struct ag_invited){
        .doc = {.role = AG_STR("viewer"), .expires_at = 1000},
        .inviter_role = AG_STR("admin"),
        .inviter_active = true,
    };
}

static void an_invitation_holds_while_its_inviter_could_make_it(void **state)
{
    struct ag_invited it = invited();
    assert_true(ag_invitation_holds(&it, 999));
    assert_false(ag_invitation_holds(&it, 1000));
    it.accepted = true;
    assert_false(ag_invitation_holds(&it, 0));
    it = invited();
    it.inviter_active = false;
    assert_false(ag_invitation_holds(&it, 0));
    it = invited();
    it.inviter_role = (struct ag_str){0};
    assert_false(ag_invitation_holds(&it, 0));
    it.inviter_role = AG_STR("manager");
    assert_false(ag_invitation_holds(&it, 0));
    it = invited();
    it.doc.role = AG_STR("owner");
    assert_false(ag_invitation_holds(&it, 0));
    it.inviter_role = AG_STR("owner");
    assert_true(ag_invitation_holds(&it, 0));
    /* Roles of the organisation's own, on both sides. */
    it = invited();
    it.inviter_role = AG_STR("viewer");
    it.inviter_permissions = AG_STR("[\"members:write\",\"agents:read\"]");
    assert_false(ag_invitation_holds(&it, 0));
    it.permissions = AG_STR("[\"agents:read\"]");
    assert_true(ag_invitation_holds(&it, 0));
    it.inviter_permissions = AG_STR("[\"agents:read\"]");
    assert_false(ag_invitation_holds(&it, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_built_in_role_is_its_column),
        cmocka_unit_test(a_role_of_ones_own_is_its_list_and_the_account),
        cmocka_unit_test(it_never_holds_what_is_an_owners_or_the_servers),
        cmocka_unit_test(what_is_given_must_be_held),
        cmocka_unit_test(lists_keep_the_order_of_the_table),
        cmocka_unit_test(an_invitation_holds_while_its_inviter_could_make_it),
    };
    return cmocka_run_group_tests_name("rights", tests, NULL, NULL);
}
