/*
 * Organisations and who belongs to them: members, roles of their own, invitations.
 *
 * Part of the store: store.h says what holds for all of it.
 */
#pragma once

#include "store/store.h"

/* ---- organisations ---- */

/* One of a person's organisations: the fields of struct ag_org, and two more. */
struct ag_org_summary {
    uint64_t set;
    struct ag_uuid id;
    struct ag_str name;
    bool personal;
    struct ag_str plan;
    struct ag_str role;
    struct ag_uuid role_id; /* with AG_ORG_ROLE_ID */
    struct ag_str role_name;
    int64_t created_at;
    bool current; /* the session acts in it; the caller's to set */
    int64_t members;
};
extern const struct ag_schema ag_org_summary_schema;

/* As a key of the organisation sees it, which is no member. */
enum ag_err ag_orgs_get_for_key(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                                struct ag_org *ret_org) AG_MUST_USE AG_SUSPENDS;
/* A person's organisations, newest first. */
enum ag_err ag_orgs_list(struct ag_db *db, struct ag_arena *arena, struct ag_uuid user,
                         const struct ag_page *page,
                         struct ag_list *ret_orgs) AG_MUST_USE AG_SUSPENDS;
/* How many a person belongs to, and how many of those are theirs, both without the personal one. */
enum ag_err ag_orgs_count(struct ag_tx *tx, struct ag_uuid user, int64_t *ret_all,
                          int64_t *ret_owned) AG_MUST_USE;
/* Without members. AG_E_EXISTS: the id. */
enum ag_err ag_orgs_insert(struct ag_tx *tx, const struct ag_org *org) AG_MUST_USE;
/* AG_E_NOT_FOUND: also when it is deleted. */
enum ag_err ag_orgs_is_personal(struct ag_tx *tx, struct ag_uuid org,
                                bool *ret_personal) AG_MUST_USE;
enum ag_err ag_orgs_rename(struct ag_tx *tx, struct ag_uuid org, struct ag_str name,
                           int64_t now) AG_MUST_USE;
/* Marks it deleted and ends what leads into it: memberships, sessions that act there, keys,
 * invitations, public links. What it has is purged later. `ret_keys`: how many were revoked. */
enum ag_err ag_orgs_end(struct ag_tx *tx, struct ag_uuid org, int64_t now,
                        int64_t *ret_keys) AG_MUST_USE;

/* ---- the purge ---- */

enum { AG_PURGE_BATCH = 500 };

/* The deleted organisation that waits longest and whose purge has not ended; AG_E_NOT_FOUND. */
enum ag_err ag_orgs_to_purge(struct ag_db *db, struct ag_arena *arena, struct ag_uuid after,
                             struct ag_uuid *ret_org,
                             int64_t *ret_deleted_at) AG_MUST_USE AG_SUSPENDS;
/* How many kinds of things an organisation has. */
extern const size_t ag_purge_kinds;
/* Removes up to AG_PURGE_BATCH things of a kind; `ret_count` of them. */
enum ag_err ag_orgs_purge(struct ag_tx *tx, struct ag_uuid org, size_t kind,
                          int64_t *ret_count) AG_MUST_USE;
/* Nothing is left of it but its id. */
enum ag_err ag_orgs_purged(struct ag_tx *tx, struct ag_uuid org, int64_t now) AG_MUST_USE;

/* ---- members ---- */

struct ag_member {
    uint64_t set;
    struct ag_uuid id; /* the account's */
    struct ag_str name, email;
    struct ag_str role;     /* a built-in one; viewer below a role of the organisation's own */
    struct ag_uuid role_id; /* with AG_MEMBER_ROLE_ID: that role's */
    struct ag_str role_name;
    int64_t joined_at, last_active_at;
    /* not shown; data NULL: the role is a built-in one */
    struct ag_str permissions; /* JSON list */
};
enum { AG_MEMBER_ROLE_ID = 4, AG_MEMBER_LAST_ACTIVE = 7 };
extern const struct ag_schema ag_member_schema;

/* What a member is: a built-in role, or one of the organisation's own. */
struct ag_member_role {
    struct ag_str role;     /* "viewer" with a role of the organisation's own */
    struct ag_uuid role_id; /* nil: the built-in one */
};

enum ag_err ag_members_list(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                            const struct ag_page *page,
                            struct ag_list *ret_members) AG_MUST_USE AG_SUSPENDS;
enum ag_err ag_members_get(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                           struct ag_uuid user,
                           struct ag_member *ret_member) AG_MUST_USE AG_SUSPENDS;
/* For a change: nobody else changes this membership until the transaction ends. AG_E_NOT_FOUND. */
enum ag_err ag_members_lock(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid user,
                            struct ag_member *ret_member) AG_MUST_USE;
/* AG_E_EXISTS: is a member already. */
enum ag_err ag_members_insert(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid user,
                              const struct ag_member_role *role, int64_t now) AG_MUST_USE;
enum ag_err ag_members_set_role(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid user,
                                const struct ag_member_role *role) AG_MUST_USE;
enum ag_err ag_members_count(struct ag_tx *tx, struct ag_uuid org, int64_t *ret_count) AG_MUST_USE;
/* Owners apart from `user`. */
enum ag_err ag_members_other_owners(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid user,
                                    int64_t *ret_count) AG_MUST_USE;
/* Who has been an owner longest, apart from `user`. AG_E_NOT_FOUND. */
enum ag_err ag_members_oldest_owner(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid user,
                                    struct ag_uuid *ret_owner) AG_MUST_USE;
struct ag_member_end {
    struct ag_list keys; /* struct ag_uuid: those that were revoked */
    int64_t agents;      /* how many are the heir's now */
};
/* Ends a membership and what hangs on it: sessions that act there go back to the person's own
 * organisation, their own keys are revoked, their private agents become `heir`'s. */
enum ag_err ag_members_end(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid user,
                           struct ag_uuid heir, int64_t now,
                           struct ag_member_end *ret_end) AG_MUST_USE;
/* Notes that the member did something there. */
enum ag_err ag_members_touch(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid user,
                             int64_t now) AG_MUST_USE;
/* The session acts in `org` from now on; the caller has locked the membership. */
enum ag_err ag_sessions_act_in(struct ag_tx *tx, struct ag_uuid session,
                               struct ag_uuid org) AG_MUST_USE;

/* ---- roles ---- */

/* A role: a built-in one, or one of an organisation's own. */
struct ag_org_role {
    uint64_t set;
    struct ag_uuid id;
    struct ag_str name;
    struct ag_str description;
    bool built_in;
    struct ag_list permissions; /* struct ag_str */
    int64_t members;
    int64_t created_at, updated_at;
    struct ag_str json; /* not shown: the permissions as they are kept */
};
enum {
    AG_ORG_ROLE_OWN_ID = 0,
    AG_ORG_ROLE_DESCRIPTION = 2,
    AG_ORG_ROLE_CREATED = 6,
    AG_ORG_ROLE_UPDATED = 7,
};
extern const struct ag_schema ag_org_role_schema;

/* Those of the organisation's own, by name; `permissions` is left to the caller. */
enum ag_err ag_roles_list(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                          struct ag_list *ret_roles) AG_MUST_USE AG_SUSPENDS;
/* How many members have built-in role `role` ("owner"): rows of a name and a count. */
struct ag_role_count {
    struct ag_str role;
    int64_t count;
};
enum ag_err ag_roles_counts(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                            struct ag_list *ret_counts) AG_MUST_USE AG_SUSPENDS;
enum ag_err ag_roles_get(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                         struct ag_uuid id, struct ag_org_role *ret_role) AG_MUST_USE AG_SUSPENDS;
/* For a change. AG_E_NOT_FOUND. */
enum ag_err ag_roles_lock(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid id,
                          struct ag_org_role *ret_role) AG_MUST_USE;
enum ag_err ag_roles_total(struct ag_tx *tx, struct ag_uuid org, int64_t *ret_count) AG_MUST_USE;
/* AG_E_EXISTS: the name, or the id. Writes `json`, not `permissions`. */
enum ag_err ag_roles_insert(struct ag_tx *tx, struct ag_uuid org,
                            const struct ag_org_role *role) AG_MUST_USE;
enum ag_err ag_roles_update(struct ag_tx *tx, struct ag_uuid org,
                            const struct ag_org_role *role) AG_MUST_USE;
/* Members that hold it, and open invitations that promise it. */
enum ag_err ag_roles_uses(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid id, int64_t now,
                          int64_t *ret_members, int64_t *ret_invitations) AG_MUST_USE;
enum ag_err ag_roles_delete(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid id) AG_MUST_USE;

/* ---- invitations ---- */

struct ag_invitation {
    uint64_t set;
    struct ag_uuid id;
    struct ag_str email; /* lower case */
    struct ag_str role;
    struct ag_uuid role_id; /* with AG_INVITATION_ROLE_ID */
    struct ag_str role_name;
    struct ag_uuid invited_by;
    struct ag_str inviter_name;
    int64_t created_at, expires_at;
    struct ag_str accept_url; /* in the reply that makes it alone */
};
enum { AG_INVITATION_ROLE_ID = 3, AG_INVITATION_ACCEPT_URL = 9 };
extern const struct ag_schema ag_invitation_schema;

/* An invitation with what decides whether it still holds. */
struct ag_invited {
    struct ag_invitation doc;
    struct ag_uuid org_id;
    struct ag_str org_name;
    bool accepted;
    struct ag_str permissions;         /* of a role of the organisation's own; data NULL: none */
    struct ag_str inviter_role;        /* empty: the inviter is no member any more */
    struct ag_str inviter_permissions; /* as `permissions` */
    bool inviter_active;               /* their account is not suspended */
};

/* Those nobody has accepted, newest first, expired ones among them. */
enum ag_err ag_invitations_list(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                                const struct ag_page *page,
                                struct ag_list *ret_invitations) AG_MUST_USE AG_SUSPENDS;
/* Of one that nobody has accepted. AG_E_NOT_FOUND. */
enum ag_err ag_invitations_get(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid id,
                               struct ag_invited *ret_invited) AG_MUST_USE;
/* To whom it goes. AG_E_NOT_FOUND. */
enum ag_err ag_invitations_email(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                                 struct ag_uuid id,
                                 struct ag_str *ret_email) AG_MUST_USE AG_SUSPENDS;
/* Whose organisation is not deleted. AG_E_NOT_FOUND. */
enum ag_err ag_invitations_by_hash(struct ag_db *db, struct ag_arena *arena, struct ag_str hash,
                                   struct ag_invited *ret_invited) AG_MUST_USE AG_SUSPENDS;
enum ag_err ag_invitations_by_hash_tx(struct ag_tx *tx, struct ag_str hash,
                                      struct ag_invited *ret_invited) AG_MUST_USE;
/* All that nobody has accepted: struct ag_invited. */
enum ag_err ag_invitations_open(struct ag_tx *tx, struct ag_uuid org,
                                struct ag_list *ret_invited) AG_MUST_USE;
/* Those of any organisation to this e-mail that nobody has accepted and that have not expired, the
 * newest 20: struct ag_invited. */
enum ag_err ag_invitations_for_email(struct ag_tx *tx, struct ag_str email, int64_t now,
                                     struct ag_list *ret_invited) AG_MUST_USE;
enum ag_err ag_invitations_insert(struct ag_tx *tx, struct ag_uuid org,
                                  const struct ag_invitation *invitation,
                                  struct ag_str hash) AG_MUST_USE;
/* A new token and a new end; who sends it again is the inviter now. */
enum ag_err ag_invitations_renew(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid id,
                                 struct ag_str hash, struct ag_uuid inviter,
                                 int64_t expires_at) AG_MUST_USE;
enum ag_err ag_invitations_accept(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid id,
                                  int64_t now) AG_MUST_USE;
/* AG_E_NOT_FOUND: also when it was accepted. */
enum ag_err ag_invitations_delete(struct ag_tx *tx, struct ag_uuid org,
                                  struct ag_uuid id) AG_MUST_USE;
/* Forgets what expired before `expired_before`, and what was accepted and has expired. */
enum ag_err ag_invitations_expire(struct ag_tx *tx, int64_t expired_before,
                                  int64_t now) AG_MUST_USE;
/* Whether a member of the organisation has this e-mail. */
enum ag_err ag_members_has_email(struct ag_tx *tx, struct ag_uuid org, struct ag_str email,
                                 bool *ret_is_member) AG_MUST_USE;
