#include "auth/auth.h"

bool ag_principal_may(const struct ag_principal *principal, enum ag_permission permission)
{
    if (permission == AG_PERM_PUBLIC) return true;
    if (permission == AG_PERM_UNSET || (unsigned)permission >= AG_PERM_COUNT) return false;
    /* Nobody holds nothing, whatever the mask of a half-filled principal says. */
    if (principal->credential == AG_CRED_NONE && !principal->is_visitor) return false;
    return (principal->permissions & ag_permission_bit(permission)) != 0;
}

void ag_principal_limit(struct ag_principal *principal, struct ag_str json)
{
    /* ["id","id"]: every second piece between quotes is one. */
    struct ag_str part;
    principal->agents_limited = !ag_str_eq(json, AG_STR("[]"));
    principal->agent_count = 0;
    for (int i = 0; ag_str_split(&json, '"', &part); i++) {
        if (i % 2 == 0 || principal->agent_count == AG_KEY_MAX_AGENTS) continue;
        struct ag_uuid *id = &principal->agent_ids[principal->agent_count];
        principal->agent_count += ag_uuid_parse(part, id) == AG_OK;
    }
}

bool ag_principal_reaches(const struct ag_principal *principal, struct ag_uuid agent_id)
{
    if (!principal->agents_limited) return true;
    for (size_t i = 0; i < principal->agent_count; i++)
        if (ag_uuid_eq(principal->agent_ids[i], agent_id)) return true;
    return false;
}

struct ag_uuid ag_principal_viewer(const struct ag_principal *principal)
{
    struct ag_uuid viewer = {{0}};
    if (!principal->shared_key && !principal->is_visitor) viewer = principal->user_id;
    return viewer;
}

bool ag_principal_alone(const struct ag_principal *principal)
{
    return principal->is_personal && !ag_uuid_is_nil(ag_principal_viewer(principal));
}
