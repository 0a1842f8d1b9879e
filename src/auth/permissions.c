#include "auth/permissions.h"

/* The short names that the table's last column is written in. */
enum { USER = AG_ROLE_BIT_USER, ADMIN = AG_ROLE_BIT_ADMIN };

static const struct ag_permission_info rows[AG_PERM_COUNT] = {
    [AG_PERM_UNSET] = {"unset", "Nobody may do this", 0},
    [AG_PERM_PUBLIC] = {"public", "For everybody, without credentials", 0},
#define AG_PERMISSION_ROW(name, text, doc, roles) [AG_PERM_##name] = {text, doc, roles},
    AG_PERMISSION_TABLE(AG_PERMISSION_ROW)
#undef AG_PERMISSION_ROW
};

enum { FIRST_GRANTED = AG_PERM_PUBLIC + 1 };

const struct ag_permission_info *ag_permission_info(enum ag_permission permission)
{
    if ((unsigned)permission >= AG_PERM_COUNT) permission = AG_PERM_UNSET;
    return &rows[permission];
}

enum ag_permission ag_permission_find(struct ag_str name)
{
    for (unsigned i = FIRST_GRANTED; i < AG_PERM_COUNT; i++)
        if (ag_str_eq(name, ag_str(rows[i].name))) return (enum ag_permission)i;
    return AG_PERM_UNSET;
}

static uint64_t held_by(unsigned role)
{
    uint64_t mask = 0;
    for (unsigned i = FIRST_GRANTED; i < AG_PERM_COUNT; i++)
        if (rows[i].roles & role) mask |= ag_permission_bit((enum ag_permission)i);
    return mask;
}

uint64_t ag_role_permissions(struct ag_str role)
{
    if (ag_str_eq(role, AG_STR("user"))) return held_by(AG_ROLE_BIT_USER);
    if (ag_str_eq(role, AG_STR("admin"))) return held_by(AG_ROLE_BIT_ADMIN);
    return 0;
}
