#include "core/accounts.h"
#include "core/internal.h"
#include "core/mail.h"
#include "core/orgs.h"

/*
 * Invitations. The token holds 256 random bits; what is stored is their hash. Whoever has it and
 * signs in with the invited address becomes a member, as long as the inviter could still make this
 * invitation: who lost that right has left no door behind.
 */

enum { DAY_MS = 24 * 60 * 60 * 1000 };

/* ---- whether one holds ---- */

static bool inviter_may(const struct ag_invited *invited)
{
    uint64_t held = ag_member_permissions(invited->inviter_role, invited->inviter_permissions);
    uint64_t granted = ag_member_permissions(invited->doc.role, invited->permissions);
    return invited->inviter_active && invited->inviter_role.len > 0 &&
           (held & ag_permission_bit(AG_PERM_MEMBERS_WRITE)) != 0 && ag_may_grant(held, granted);
}

bool ag_invitation_holds(const struct ag_invited *invited, int64_t now)
{
    return !invited->accepted && invited->doc.expires_at > now && inviter_may(invited);
}

static enum ag_err invitation_audit(struct ag_tx *tx, const struct ag_scope *scope,
                                    struct ag_uuid org, struct ag_uuid user, const char *action,
                                    const struct ag_invitation *invitation)
{
    struct ag_arena *arena = ag_tx_arena(tx);
    return ag_audit_in(tx, scope, org, user, action,
                       AG_DETAILS(arena, ag_detail_id(arena, "invitation_id", invitation->id),
                                  {AG_STR("role"), invitation->role_name}));
}

enum ag_err ag_invitations_sweep(struct ag_tx *tx, const struct ag_scope *scope, struct ag_uuid org)
{
    struct ag_list open;
    AG_TRY(ag_invitations_open(tx, org, &open));
    const struct ag_invited *invited = open.items;
    for (size_t i = 0; i < open.count; i++) {
        if (inviter_may(&invited[i])) continue;
        AG_TRY(ag_invitations_delete(tx, org, invited[i].doc.id));
        AG_TRY(invitation_audit(tx, scope, org, scope->who.user_id, "invitation.voided",
                                &invited[i].doc));
    }
    return AG_OK;
}

/* ---- inviting ---- */

struct invite {
    struct ag_scope *scope;
    struct ag_invitation doc;
    struct ag_member_role role;
    struct ag_str secret;
    uint8_t hash[AG_SECRET_HASH_BYTES];
    bool no_role;
};

/* Neither a mailbox nor the whole world is filled with an organisation's invitations. */
static enum ag_err check_may_mail(struct ag_scope *scope, struct ag_str email)
{
    static const struct ag_rate rate = {.count = AG_ORG_MAILS_MAX, .per_ms = DAY_MS};
    struct ag_limiter *limiter = scope->core->limiter;
    char org[AG_UUID_TEXT_BYTES];
    struct ag_str key = ag_arena_printf(scope->arena, "invitations %s",
                                        ag_uuid_format(scope->who.org_id, org).data);
    if (!key.data) return ag_fail(AG_E_NO_MEMORY, "no memory for a limit");
    AG_TRY(ag_check_may_mail(scope, AG_STR("invitation"), email));
    if (!limiter) return AG_OK;
    struct ag_limit_verdict verdict = ag_limiter_take(limiter, key, &rate, ag_mono_us());
    if (verdict.allowed) return AG_OK;
    scope->retry_after_s = (verdict.retry_after_ms + 999) / 1000;
    return ag_fail(AG_E_RATE_LIMITED,
                   "an organisation sends at most %d invitations within a day; try again later",
                   AG_ORG_MAILS_MAX);
}

/* A new token, and seven days for it. */
static enum ag_err renew(struct invite *invite)
{
    struct ag_invitation *doc = &invite->doc;
    AG_TRY(ag_secret_new("agi_", invite->scope->arena, &invite->secret, invite->hash));
    doc->invited_by = invite->scope->who.user_id;
    doc->expires_at = ag_wall_ms() + (int64_t)AG_INVITATION_DAYS * DAY_MS;
    return AG_OK;
}

/* What whoever invites may do. A key of the organisation invites in the name of its maker, as long
 * as they could do it themselves. */
static enum ag_err invite_begin(struct ag_tx *tx, const struct ag_scope *scope, bool *ret_personal,
                                uint64_t *ret_held)
{
    const struct ag_principal *who = &scope->who;
    struct ag_member maker;
    uint64_t held;
    AG_TRY(ag_org_lock(tx, who->org_id, ret_personal));
    AG_TRY(ag_org_actor(tx, scope, AG_PERM_MEMBERS_WRITE, &held));
    if (who->shared_key) {
        enum ag_err err = ag_members_lock(tx, who->org_id, who->user_id, &maker);
        if (err == AG_E_NOT_FOUND)
            return ag_fail(AG_E_FORBIDDEN, "whoever made this key left, so it invites in "
                                           "nobody's name");
        AG_TRY(err);
        held &= ag_member_permissions(maker.role, maker.permissions);
        if (!(held & ag_permission_bit(AG_PERM_MEMBERS_WRITE)))
            return ag_fail(AG_E_FORBIDDEN, "whoever made this key may not invite any more");
    }
    *ret_held = held;
    return AG_OK;
}

static enum ag_err check_grant(struct ag_scope *scope, uint64_t held, struct ag_str role,
                               struct ag_str role_name, uint64_t permissions)
{
    if (!ag_may_grant(held, permissions))
        return ag_fail(AG_E_FORBIDDEN, "the role %.*s may do more than you", AG_STR_ARG(role_name));
    return ag_str_eq(role, AG_STR("owner")) ? ag_require_recent(scope) : AG_OK;
}

static enum ag_err check_no_member(struct ag_tx *tx, struct ag_uuid org, struct ag_str email)
{
    bool is_member;
    AG_TRY(ag_members_has_email(tx, org, email, &is_member));
    if (is_member) return ag_fail(AG_E_CONFLICT, "who has this e-mail is a member already");
    return AG_OK;
}

/* Takes back one that nobody has accepted: who may not give its role may not take it either. */
static enum ag_err take_back(struct ag_tx *tx, const struct ag_scope *scope, uint64_t held,
                             const struct ag_invited *invited)
{
    struct ag_uuid org = scope->who.org_id;
    if (!ag_may_grant(held, ag_member_permissions(invited->doc.role, invited->permissions)))
        return ag_fail(AG_E_FORBIDDEN, "this e-mail is invited as %.*s, which may do more than you",
                       AG_STR_ARG(invited->doc.role_name));
    AG_TRY(ag_invitations_delete(tx, org, invited->doc.id));
    return invitation_audit(tx, scope, org, scope->who.user_id, "invitation.revoked",
                            &invited->doc);
}

/* Takes back the one before to the same e-mail; `ret_others`: how many there are to others. */
static enum ag_err replace_open(struct ag_tx *tx, const struct ag_scope *scope, uint64_t held,
                                struct ag_str email, size_t *ret_others)
{
    struct ag_list open;
    AG_TRY(ag_invitations_open(tx, scope->who.org_id, &open));
    const struct ag_invited *invited = open.items;
    size_t others = 0;
    for (size_t i = 0; i < open.count; i++) {
        if (ag_str_eq(invited[i].doc.email, email))
            AG_TRY(take_back(tx, scope, held, &invited[i]));
        else
            others++;
    }
    *ret_others = others;
    return AG_OK;
}

static enum ag_err invite_tx(struct ag_tx *tx, void *arg)
{
    struct invite *invite = arg;
    struct ag_scope *scope = invite->scope;
    struct ag_uuid org = scope->who.org_id;
    struct ag_granted_role role;
    bool personal;
    size_t others;
    uint64_t held;
    invite->no_role = false;
    AG_TRY(invite_begin(tx, scope, &personal, &held));
    if (personal)
        return ag_fail(AG_E_CONFLICT, "nobody can be invited into a personal organisation: make "
                                      "one for several people and switch to it");
    enum ag_err err = ag_role_resolve(tx, org, &invite->role, &role);
    invite->no_role = err == AG_E_NOT_FOUND;
    AG_TRY(err);
    AG_TRY(check_grant(scope, held, role.role.role, role.name, role.permissions));
    AG_TRY(check_no_member(tx, org, invite->doc.email));
    AG_TRY(replace_open(tx, scope, held, invite->doc.email, &others));
    if (others >= AG_ORG_INVITATIONS_MAX)
        return ag_fail(AG_E_CONFLICT,
                       "an organisation has at most %d invitations that nobody has accepted; take "
                       "one back first",
                       AG_ORG_INVITATIONS_MAX);
    invite->doc.role_name = role.name;
    AG_TRY(ag_invitations_insert(tx, org, &invite->doc, ag_hash_str(invite->hash)));
    return invitation_audit(tx, scope, org, scope->who.user_id, "invitation.created", &invite->doc);
}

/* Mails the link, and puts it into the one reply that has it. */
static enum ag_err hand_over(struct invite *invite)
{
    struct ag_core *core = invite->scope->core;
    struct ag_arena *arena = invite->scope->arena;
    struct ag_org org;
    struct ag_str link = ag_arena_printf(arena, "/invitation#token=%.*s",
                                         AG_STR_ARG(invite->secret));
    struct ag_str url = ag_arena_printf(arena, "%.*s%.*s", AG_STR_ARG(core->options.public_url),
                                        AG_STR_ARG(link));
    if (!link.data || !url.data) return ag_fail(AG_E_NO_MEMORY, "no memory for a link");
    AG_TRY(ag_org_current(invite->scope, &org));
    const struct ag_mail_values values = {
        .name = invite->doc.inviter_name, .other = org.name, .link = link};
    ag_mail_send(core, AG_MAIL_INVITATION, invite->doc.email, &values);
    invite->doc.accept_url = url;
    AG_SET(&invite->doc, AG_INVITATION_ACCEPT_URL);
    return AG_OK;
}

static enum ag_err name_inviter(struct invite *invite)
{
    struct ag_user inviter;
    const struct ag_scope *scope = invite->scope;
    AG_TRY(ag_users_by_id(scope->core->db, scope->arena, scope->who.user_id, &inviter));
    invite->doc.inviter_name = inviter.name;
    return AG_OK;
}

enum ag_err ag_invitation_create(struct ag_scope *scope, const struct ag_invitation_input *input,
                                 struct ag_invitation *ret_invitation)
{
    bool own = ag_doc_has(input, AG_INVITATION_INPUT_ROLE_ID);
    struct invite invite = {
        .scope = scope,
        .doc = {.id = ag_scope_new_id(scope), .created_at = ag_wall_ms()},
    };
    AG_TRY(ag_role_chosen(scope, input->role, own, input->role_id, &invite.role));
    AG_TRY(ag_email_normal(scope->arena, input->email, &invite.doc.email));
    AG_TRY(check_may_mail(scope, invite.doc.email));
    AG_TRY(name_inviter(&invite));
    AG_TRY(renew(&invite));
    invite.doc.role = invite.role.role;
    if (own) {
        invite.doc.role_id = invite.role.role_id;
        AG_SET(&invite.doc, AG_INVITATION_ROLE_ID);
    }
    enum ag_err err = ag_db_write(scope->core->db, scope->arena, invite_tx, &invite);
    if (err == AG_E_NOT_FOUND && invite.no_role) return ag_refuse_role(scope);
    AG_TRY(err);
    AG_TRY(hand_over(&invite));
    *ret_invitation = invite.doc;
    return AG_OK;
}

static enum ag_err resend_tx(struct ag_tx *tx, void *arg)
{
    struct invite *invite = arg;
    struct ag_scope *scope = invite->scope;
    struct ag_uuid org = scope->who.org_id;
    struct ag_invitation *doc = &invite->doc;
    struct ag_invited invited;
    bool personal;
    uint64_t held;
    AG_TRY(invite_begin(tx, scope, &personal, &held));
    AG_TRY(ag_invitations_get(tx, org, doc->id, &invited));
    AG_TRY(check_grant(scope, held, invited.doc.role, invited.doc.role_name,
                       ag_member_permissions(invited.doc.role, invited.permissions)));
    AG_TRY(check_no_member(tx, org, invited.doc.email));
    AG_TRY(ag_invitations_renew(tx, org, doc->id, ag_hash_str(invite->hash), doc->invited_by,
                                doc->expires_at));
    invited.doc.invited_by = doc->invited_by;
    invited.doc.inviter_name = doc->inviter_name;
    invited.doc.expires_at = doc->expires_at;
    *doc = invited.doc;
    return invitation_audit(tx, scope, org, scope->who.user_id, "invitation.resent", doc);
}

enum ag_err ag_invitation_resend(struct ag_scope *scope, struct ag_uuid id,
                                 struct ag_invitation *ret_invitation)
{
    struct invite invite = {.scope = scope, .doc = {.id = id}};
    struct ag_str email;
    AG_TRY(ag_invitations_email(scope->core->db, scope->arena, scope->who.org_id, id, &email));
    AG_TRY(check_may_mail(scope, email));
    AG_TRY(name_inviter(&invite));
    AG_TRY(renew(&invite));
    AG_TRY(ag_db_write(scope->core->db, scope->arena, resend_tx, &invite));
    AG_TRY(hand_over(&invite));
    *ret_invitation = invite.doc;
    return AG_OK;
}

/* ---- taking one back ---- */

struct revoke {
    struct ag_scope *scope;
    struct ag_uuid id;
};

static enum ag_err revoke_tx(struct ag_tx *tx, void *arg)
{
    struct revoke *args = arg;
    struct ag_scope *scope = args->scope;
    struct ag_uuid org = scope->who.org_id;
    struct ag_invited invited;
    bool personal;
    uint64_t held;
    AG_TRY(ag_org_lock(tx, org, &personal));
    AG_TRY(ag_org_actor(tx, scope, AG_PERM_MEMBERS_WRITE, &held));
    AG_TRY(ag_invitations_get(tx, org, args->id, &invited));
    return take_back(tx, scope, held, &invited);
}

enum ag_err ag_invitation_revoke(struct ag_scope *scope, struct ag_uuid id)
{
    struct revoke args = {scope, id};
    return ag_db_write(scope->core->db, scope->arena, revoke_tx, &args);
}

/* ---- accepting ---- */

static enum ag_err not_valid(void)
{
    return ag_fail(AG_E_NOT_FOUND, "this invitation does not hold: it was used, replaced or taken "
                                   "back, or is too old; ask for another one");
}

enum ag_err ag_invitation_lookup(struct ag_scope *scope, struct ag_str token,
                                 struct ag_invitation_preview *ret_preview)
{
    uint8_t hash[AG_SECRET_HASH_BYTES];
    struct ag_invited invited;
    ag_secret_hash(token, hash);
    enum ag_err err = ag_invitations_by_hash(scope->core->db, scope->arena, ag_hash_str(hash),
                                             &invited);
    if (err == AG_E_NOT_FOUND) return not_valid();
    AG_TRY(err);
    if (!ag_invitation_holds(&invited, ag_wall_ms())) return not_valid();
    *ret_preview = (struct ag_invitation_preview){
        .org_name = invited.org_name,
        .inviter_name = invited.doc.inviter_name,
        .email = invited.doc.email,
        .role_name = invited.doc.role_name,
        .expires_at = invited.doc.expires_at,
    };
    return AG_OK;
}

/* Locks the organisation of `invited`, and reads it again: it may have changed before that. */
static enum ag_err join_begin(struct ag_tx *tx, struct ag_uuid user, struct ag_str hash,
                              struct ag_invited *invited)
{
    bool personal;
    enum ag_err err = ag_person_lock(tx, user);
    if (err == AG_OK) err = ag_org_lock(tx, invited->org_id, &personal);
    if (err == AG_OK) err = ag_invitations_by_hash_tx(tx, hash, invited);
    return err == AG_E_NOT_FOUND ? not_valid() : err;
}

/* On a fiber that acts for the invitation's organisation. */
static enum ag_err join(struct ag_tx *tx, const struct ag_scope *scope, const struct ag_user *user,
                        const struct ag_invited *invited)
{
    struct ag_uuid org = invited->org_id;
    struct ag_member self;
    int64_t now = ag_wall_ms(), count;
    bool holds = ag_invitation_holds(invited, now);
    bool same = ag_str_eq(invited->doc.email, user->email);
    if (!same && holds)
        return ag_fail(AG_E_FORBIDDEN, "this invitation was sent to another e-mail: sign in with "
                                       "the account that has it");
    enum ag_err err = ag_members_lock(tx, org, user->id, &self);
    if (err != AG_OK && err != AG_E_NOT_FOUND) return err;
    if (same && err == AG_OK)
        return invited->accepted ? AG_OK : ag_invitations_accept(tx, org, invited->doc.id, now);
    if (!holds) return not_valid();

    const struct ag_member_role role = {invited->doc.role, invited->doc.role_id};
    AG_TRY(ag_check_may_join(tx, user->id, ag_str_eq(role.role, AG_STR("owner"))));
    AG_TRY(ag_members_count(tx, org, &count));
    if (count >= AG_ORG_MEMBERS_MAX)
        return ag_fail(AG_E_CONFLICT, "an organisation has at most %d members", AG_ORG_MEMBERS_MAX);
    AG_TRY(ag_members_insert(tx, org, user->id, &role, now));
    AG_TRY(ag_invitations_accept(tx, org, invited->doc.id, now));
    return invitation_audit(tx, scope, org, user->id, "member.joined", &invited->doc);
}

enum ag_err ag_invitation_join_tx(struct ag_tx *tx, const struct ag_scope *scope,
                                  const struct ag_user *user, struct ag_str token,
                                  struct ag_uuid *ret_org)
{
    uint8_t hash[AG_SECRET_HASH_BYTES];
    struct ag_invited invited;
    ag_secret_hash(token, hash);
    enum ag_err err = ag_invitations_by_hash_tx(tx, ag_hash_str(hash), &invited);
    if (err == AG_E_NOT_FOUND) return not_valid();
    AG_TRY(err);
    /* It is the invited who acts here, for an organisation that is not theirs yet. */
    struct ag_tenant before = ag_tx_tenant_swap(tx, ag_tenant(invited.org_id));
    err = join_begin(tx, user->id, ag_hash_str(hash), &invited);
    if (err == AG_OK) err = join(tx, scope, user, &invited);
    ag_tx_tenant_swap(tx, before);
    if (err == AG_OK) *ret_org = invited.org_id;
    return err;
}

struct accept {
    struct ag_scope *scope;
    struct ag_user user;
    struct ag_str token;
    struct ag_uuid org;
};

static enum ag_err accept_tx(struct ag_tx *tx, void *arg)
{
    struct accept *accept = arg;
    AG_TRY(ag_self_check(tx, accept->scope));
    return ag_invitation_join_tx(tx, accept->scope, &accept->user, accept->token, &accept->org);
}

enum ag_err ag_invitation_accept(struct ag_scope *scope, struct ag_str token,
                                 struct ag_org *ret_org)
{
    struct accept accept = {.scope = scope, .token = token};
    AG_TRY(ag_users_by_id(scope->core->db, scope->arena, scope->who.user_id, &accept.user));
    AG_TRY(ag_db_write(scope->core->db, scope->arena, accept_tx, &accept));
    AG_ACT_FOR(accept.org);
    return ag_orgs_get(scope->core->db, scope->arena, accept.org, scope->who.user_id, ret_org);
}
