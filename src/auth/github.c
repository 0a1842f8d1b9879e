/* GitHub tells who somebody is through its REST API; an account is its number, since names change
 * hands. */
#include "auth/claims.h"

enum ag_err ag_github_user_parse(struct ag_str json, struct ag_arena *arena,
                                 struct ag_oidc_identity *ret_identity)
{
    AG_CLEANUP(ag_claims_free) yyjson_doc *doc = NULL;
    struct ag_oidc_identity identity = {.email = AG_STR("")};
    yyjson_val *id, *name, *login;
    AG_TRY(ag_claims_parse(json, AG_OIDC_REPLY_MAX_BYTES, &doc));
    yyjson_val *root = yyjson_doc_get_root(doc);
    AG_TRY(ag_claim(root, "id", &id));
    AG_TRY(ag_claim(root, "name", &name));
    AG_TRY(ag_claim(root, "login", &login));
    if (!yyjson_is_uint(id) || yyjson_get_uint(id) == 0)
        return ag_fail(AG_E_UPSTREAM_INVALID, "\"id\" is not an account's number");
    identity.subject = ag_arena_printf(arena, "%llu", (unsigned long long)yyjson_get_uint(id));
    if (!identity.subject.data) return ag_fail(AG_E_NO_MEMORY, "no memory for an account");
    AG_TRY(ag_claims_name(ag_claim_str(name), arena, &identity.name));
    if (identity.name.len == 0) AG_TRY(ag_claims_name(ag_claim_str(login), arena, &identity.name));
    *ret_identity = identity;
    return AG_OK;
}

enum ag_err ag_github_emails_parse(struct ag_str json, struct ag_arena *arena,
                                   struct ag_oidc_identity *identity)
{
    AG_CLEANUP(ag_claims_free) yyjson_doc *doc = NULL;
    yyjson_val *entry, *primary, *verified, *email;
    size_t i, count;
    AG_TRY(ag_claims_parse(json, AG_OIDC_REPLY_MAX_BYTES, &doc));
    if (!yyjson_is_arr(yyjson_doc_get_root(doc)))
        return ag_fail(AG_E_UPSTREAM_INVALID, "the e-mail addresses are not a list");
    yyjson_arr_foreach(yyjson_doc_get_root(doc), i, count, entry)
    {
        AG_TRY(ag_claim(entry, "primary", &primary));
        AG_TRY(ag_claim(entry, "verified", &verified));
        AG_TRY(ag_claim(entry, "email", &email));
        if (!yyjson_is_true(primary) || !ag_is_email(ag_claim_str(email))) continue;
        struct ag_str address = ag_arena_copy(arena, ag_claim_str(email));
        if (!address.data) return ag_fail(AG_E_NO_MEMORY, "no memory for an e-mail");
        identity->email = address;
        identity->email_verified = yyjson_is_true(verified);
        identity->says_email = true;
        return AG_OK;
    }
    return AG_OK;
}
