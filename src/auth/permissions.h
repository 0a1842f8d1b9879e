/* Permissions: one table of what may be done and which built-in role holds it. */
#pragma once

#include "base/err.h"
#include "base/str.h"

/* Built-in roles, as bits. */
enum ag_role { AG_ROLE_BIT_USER = 1, AG_ROLE_BIT_ADMIN = 2 };

/* X(NAME, "name", "what it allows, as a sentence", roles that hold it) */
#define AG_PERMISSION_TABLE(X)                                                                     \
    X(ACCOUNT_READ, "account:read", "See one's own account", USER | ADMIN)                         \
    X(ACCOUNT_WRITE, "account:write", "Change one's own account and sessions", USER | ADMIN)       \
    X(KEYS_READ, "keys:read", "List API keys", USER | ADMIN)                                       \
    X(KEYS_WRITE, "keys:write", "Create and revoke API keys", USER | ADMIN)                        \
    X(AGENTS_READ, "agents:read", "See agents", USER | ADMIN)                                      \
    X(AGENTS_WRITE, "agents:write", "Create and change agents", USER | ADMIN)                      \
    X(AGENTS_DELETE, "agents:delete", "Delete and restore agents of others", ADMIN)                \
    X(PROMPTS_READ, "prompts:read", "See prompts", USER | ADMIN)                                   \
    X(PROMPTS_WRITE, "prompts:write", "Create, change and delete prompts", USER | ADMIN)           \
    X(AI_RUN, "ai:run", "Run agents and test prompts", USER | ADMIN)                               \
    X(RUNS_READ, "runs:read", "See runs and what they cost", USER | ADMIN)                         \
    X(ACTIVITY_READ, "activity:read", "See the activity log", USER | ADMIN)                        \
    X(ERRORS_REPORT, "errors:report", "Report what went wrong in a browser", USER | ADMIN)

enum ag_permission {
    AG_PERM_UNSET = 0, /* a route with this does not compile */
    AG_PERM_PUBLIC,    /* for everybody, without credentials */
#define AG_PERMISSION_ENUM(name, text, doc, roles) AG_PERM_##name,
    AG_PERMISSION_TABLE(AG_PERMISSION_ENUM)
#undef AG_PERMISSION_ENUM
        AG_PERM_COUNT
};
_Static_assert(AG_PERM_COUNT <= 64, "permissions are bits of a 64-bit mask");

struct ag_permission_info {
    const char *name;
    const char *doc;
    unsigned roles; /* bits of enum ag_role */
};
/* The row of `permission`; AG_PERM_UNSET and AG_PERM_PUBLIC have one too, held by no role. Never
 * NULL. */
const struct ag_permission_info *ag_permission_info(enum ag_permission permission);
/* The permission called `name`, or AG_PERM_UNSET; "public" is not one that can be given. */
enum ag_permission ag_permission_find(struct ag_str name);
/* Mask of the permissions a built-in role holds ("user", "admin"); 0 for an unknown one. */
uint64_t ag_role_permissions(struct ag_str role);
static inline uint64_t ag_permission_bit(enum ag_permission permission)
{
    return UINT64_C(1) << permission;
}
