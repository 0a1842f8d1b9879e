#include "auth/permissions.h"

/* The short names that the table's last column is written in. */
enum {
    OWNER = 1 << AG_ROLE_OWNER,
    ADMINS = OWNER | 1 << AG_ROLE_ADMIN,
    MANAGERS = ADMINS | 1 << AG_ROLE_MANAGER,
    AUTHORS = MANAGERS | 1 << AG_ROLE_MEMBER,
    EVERYBODY = AUTHORS | 1 << AG_ROLE_VIEWER,
    SYSTEM = 1 << AG_ROLE_SERVER,
};

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

const char *ag_role_name(enum ag_role role)
{
    static const char *const names[AG_ROLE_COUNT] = {"owner",  "admin",  "manager",
                                                     "member", "viewer", "system"};
    return names[role];
}

enum ag_role ag_role_find(struct ag_str name)
{
    for (unsigned i = 0; i < AG_ORG_ROLES; i++)
        if (ag_str_eq(name, ag_str(ag_role_name((enum ag_role)i)))) return (enum ag_role)i;
    return AG_ROLE_COUNT;
}

uint64_t ag_role_permissions(enum ag_role role)
{
    uint64_t mask = 0;
    if ((unsigned)role >= AG_ROLE_COUNT) return 0;
    for (unsigned i = FIRST_GRANTED; i < AG_PERM_COUNT; i++)
        if (rows[i].roles & (1U << role)) mask |= ag_permission_bit((enum ag_permission)i);
    return mask;
}

uint64_t ag_permissions_from_json(struct ag_str json)
{
    /* ["a:b","c:d"]: names hold no quotes, so every second piece between them is one. */
    uint64_t mask = 0;
    struct ag_str part;
    for (int i = 0; ag_str_split(&json, '"', &part); i++)
        if (i % 2 == 1) mask |= ag_permission_bit(ag_permission_find(part));
    return mask & ~ag_permission_bit(AG_PERM_UNSET);
}
