/* Permissions: one table of what may be done and which built-in role holds it. */
#pragma once

#include "base/err.h"
#include "base/str.h"

/* The built-in roles, as bits: five within an organisation, and the administrator of the server,
 * whose permissions add to those of the organisation that they act in. */
enum ag_role {
    AG_ROLE_OWNER,
    AG_ROLE_ADMIN,
    AG_ROLE_MANAGER,
    AG_ROLE_MEMBER,
    AG_ROLE_VIEWER,
    AG_ROLE_SERVER,
    AG_ROLE_COUNT
};
enum { AG_ORG_ROLES = AG_ROLE_SERVER };

/* X(NAME, "name", "what it allows, as a sentence", roles that hold it) */
#define AG_PERMISSION_TABLE(X)                                                                     \
    X(ACCOUNT_READ, "account:read", "See one's own account", EVERYBODY)                            \
    X(ACCOUNT_WRITE, "account:write", "Change one's own account and sessions", EVERYBODY)          \
    X(ORG_READ, "org:read", "See the organisation, its members and its roles", EVERYBODY)          \
    X(ORG_WRITE, "org:write", "Change the organisation", ADMINS)                                   \
    X(ORG_DELETE, "org:delete", "Delete the organisation and hand over its ownership", OWNER)      \
    X(MEMBERS_WRITE, "members:write", "Invite and remove members and change their roles", ADMINS)  \
    X(ROLES_WRITE, "roles:write", "Create, change and delete roles", ADMINS)                       \
    X(KEYS_READ, "keys:read", "List one's own API keys", EVERYBODY)                                \
    X(KEYS_WRITE, "keys:write", "Create and revoke one's own API keys", EVERYBODY)                 \
    X(KEYS_MANAGE, "keys:manage", "Create keys of the organisation, see and revoke all keys",      \
      ADMINS)                                                                                      \
    X(AGENTS_READ, "agents:read", "See agents", EVERYBODY)                                         \
    X(AGENTS_WRITE, "agents:write", "Create and change agents", AUTHORS)                           \
    X(AGENTS_DELETE, "agents:delete", "Delete and restore agents of others", MANAGERS)             \
    X(AGENTS_SHARE, "agents:share", "Open agents to everybody by a public link", MANAGERS)         \
    X(PROMPTS_READ, "prompts:read", "See prompts", EVERYBODY)                                      \
    X(PROMPTS_WRITE, "prompts:write", "Create, change and delete prompts", AUTHORS)                \
    X(AI_RUN, "ai:run", "Run agents and test prompts", AUTHORS)                                    \
    X(RUNS_READ, "runs:read", "See runs and what they cost", EVERYBODY)                            \
    X(ACTIVITY_READ, "activity:read", "See, export and verify the audit log", MANAGERS)            \
    X(ERRORS_REPORT, "errors:report", "Report what went wrong in a browser", EVERYBODY)            \
    X(ADMIN_USERS, "admin:users", "See, suspend and delete accounts of the server", SYSTEM)        \
    X(ADMIN_ORGS, "admin:orgs", "See the server's organisations and set their plans", SYSTEM)      \
    X(ADMIN_SETTINGS, "admin:settings", "Change the server's settings", SYSTEM)                    \
    X(ADMIN_BLOCKS, "admin:blocks", "See, make and lift blocks of addresses and accounts", SYSTEM) \
    X(ADMIN_AUDIT, "admin:audit", "See the audit log of the server itself", SYSTEM)

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
    unsigned roles; /* bits 1 << enum ag_role */
};
/* The row of `permission`; AG_PERM_UNSET and AG_PERM_PUBLIC have one too, held by no role. Never
 * NULL. */
const struct ag_permission_info *ag_permission_info(enum ag_permission permission);
/* The permission called `name`, or AG_PERM_UNSET; "public" is not one that can be given. */
enum ag_permission ag_permission_find(struct ag_str name);
/* "owner" to "viewer", and "system". Static. */
const char *ag_role_name(enum ag_role role);
/* The role of an organisation called `name`, or AG_ROLE_COUNT. */
enum ag_role ag_role_find(struct ag_str name);
/* Mask of the permissions that a built-in role holds; 0 for AG_ROLE_COUNT. */
uint64_t ag_role_permissions(enum ag_role role);
/* Mask of the permissions in a JSON list of their names, as roles and keys keep it. What is no
 * permission of an organisation counts for nothing. */
uint64_t ag_permissions_from_json(struct ag_str json);
static inline uint64_t ag_permission_bit(enum ag_permission permission)
{
    return UINT64_C(1) << permission;
}
