#include "base/log.h"
#include "core/internal.h"
#include "core/orgs.h"

enum { TOUCH_EVERY_MS = 60000 };

/* Any credential becomes the principal. */

struct touch {
    struct ag_db_job job;
    struct ag_arena arena;
    struct ag_uuid org_id, user_id, key_id, session_id; /* user_id nil: no person did it */
};

static enum ag_err touch_tx(struct ag_tx *tx, void *arg)
{
    struct touch *touch = arg;
    int64_t now = ag_wall_ms();
    if (!ag_uuid_is_nil(touch->user_id))
        AG_TRY(ag_members_touch(tx, touch->org_id, touch->user_id, now));
    if (ag_uuid_is_nil(touch->key_id)) return ag_sessions_touch(tx, touch->session_id, now);
    return ag_api_keys_touch(tx, touch->org_id, touch->key_id, now);
}

static void touch_done(struct ag_db_job *job, enum ag_err err)
{
    struct touch *touch = AG_CONTAINER_OF(job, struct touch, job);
    if (err != AG_OK) ag_log_diag(AG_LOG_WARN, "use of a credential not recorded", err);
    ag_arena_done(&touch->arena);
    free(touch);
}

/* Notes the use of a key or session, at most once a minute; nobody waits for it. */
static void touch_used(struct ag_core *core, const struct ag_access *access)
{
    if (ag_wall_ms() - access->last_used_at < TOUCH_EVERY_MS) return;
    struct touch *touch = calloc(1, sizeof(*touch));
    if (!touch) return;
    ag_arena_init(&touch->arena);
    touch->org_id = access->org_id;
    if (!access->shared) touch->user_id = access->user_id;
    touch->key_id = access->key_id;
    touch->session_id = access->session_id;
    touch->job = (struct ag_db_job){
        .fn = touch_tx,
        .arg = touch,
        .done = touch_done,
        .arena = &touch->arena,
        .apart = true, /* rows of several people, in any order, would wait for each other */
    };
    AG_ACT_FOR(access->org_id);
    enum ag_err err = ag_db_write_start(core->db, &touch->job);
    if (err != AG_OK) touch_done(&touch->job, err);
}

/* What the member's role and, for administrators of the server, that role allow. */
static uint64_t held(const struct ag_access *access)
{
    uint64_t held = ag_member_permissions(access->org_role, access->permissions);
    if (ag_str_eq(access->role, AG_STR("admin"))) held |= ag_role_permissions(AG_ROLE_SERVER);
    return held;
}

/* A person's key does what they may, cut down to its scopes; what administers the server must be
 * among these, since whoever made an ordinary key thought of nothing like it. One of the
 * organisation does what its scopes say, whatever became of its maker. */
static uint64_t key_permissions(const struct ag_access *access)
{
    uint64_t scopes = ag_permissions_from_json(access->scopes);
    if (access->shared) return scopes & ag_shared_key_permissions();
    bool limited = !ag_str_eq(access->scopes, AG_STR("[]"));
    return held(access) & (limited ? scopes : ~ag_role_permissions(AG_ROLE_SERVER));
}

uint64_t ag_shared_key_permissions(void)
{
    uint64_t personal = ag_permission_bit(AG_PERM_ACCOUNT_READ) |
                        ag_permission_bit(AG_PERM_ACCOUNT_WRITE);
    return ag_role_permissions(AG_ROLE_OWNER) & ~personal;
}

static enum ag_err access_load(struct ag_core *core, struct ag_arena *arena,
                               enum ag_credential kind, struct ag_str secret,
                               struct ag_access *ret_access)
{
    uint8_t hash[AG_SECRET_HASH_BYTES];
    if (kind == AG_CRED_TOKEN) {
        struct ag_jwt_claims claims;
        AG_TRY(ag_jwt_verify(core->jwt, secret, ag_wall_ms() / 1000, &claims));
        AG_TRY(ag_sessions_access(core->db, arena, claims.session_id, ret_access));
        if (!ag_uuid_eq(ret_access->user_id, claims.user_id))
            return ag_fail(AG_E_UNAUTHENTICATED, "the token names another account");
        /* The token ends before its session does. */
        ret_access->expires_at = AG_MIN(ret_access->expires_at, claims.expires_at_s * 1000);
        return AG_OK;
    }
    ag_secret_hash(secret, hash);
    if (kind == AG_CRED_KEY)
        return ag_api_keys_access(core->db, arena, ag_hash_str(hash), ret_access);
    return ag_sessions_access_by_cookie(core->db, arena, ag_hash_str(hash), ret_access);
}

/* When the database is asked; taken before that, so that what is revoked meanwhile is noticed. */
struct moment {
    uint64_t epoch;
    int64_t at_ms;
};

static uint64_t access_epoch(struct ag_core *core)
{
    return atomic_load_explicit(&core->access_epoch, memory_order_acquire);
}

static struct moment moment_now(struct ag_core *core)
{
    return (struct moment){.epoch = access_epoch(core), .at_ms = ag_mono_ms()};
}

static struct ag_principal principal_of(const struct ag_access *access, enum ag_credential kind,
                                        const struct moment *asked)
{
    struct ag_principal who = {
        .credential = kind,
        .user_id = access->user_id,
        .org_id = access->org_id,
        .session_id = access->session_id,
        .key_id = access->key_id,
        .is_admin = !access->shared && ag_str_eq(access->role, AG_STR("admin")),
        .is_owner = !access->shared && ag_str_eq(access->org_role, AG_STR("owner")),
        .is_personal = access->personal,
        .shared_key = access->shared,
        .premium = ag_str_eq(access->plan, AG_STR("premium")),
        .permissions = kind == AG_CRED_KEY ? key_permissions(access) : held(access),
        .org_per_minute = access->org_per_minute,
        .key_per_minute = access->key_per_minute,
        .key_expires_at = kind == AG_CRED_KEY ? access->expires_at : 0,
        .authenticated_at = access->authenticated_at,
        .epoch = asked->epoch,
        .read_at_ms = asked->at_ms,
    };
    if (kind == AG_CRED_KEY) ag_principal_limit(&who, access->agent_ids);
    return who;
}

enum ag_err ag_principal_reload(struct ag_scope *scope)
{
    struct ag_access access;
    struct moment asked = moment_now(scope->core);
    enum ag_err err = ag_sessions_access(scope->core->db, scope->arena, scope->who.session_id,
                                         &access);
    if (err == AG_E_NOT_FOUND || (err == AG_OK && access.revoked))
        return ag_fail(AG_E_UNAUTHENTICATED, "this session has ended");
    AG_TRY(err);
    scope->who = principal_of(&access, scope->who.credential, &asked);
    return AG_OK;
}

/* Whether what was read of a credential (`err`: nothing was) still lets somebody in. */
static enum ag_err check_access(enum ag_err err, const struct ag_access *access)
{
    if (err == AG_E_NOT_FOUND)
        return ag_fail(AG_E_UNAUTHENTICATED, "these credentials are not known here");
    AG_TRY(err);
    if (access->revoked) return ag_fail(AG_E_UNAUTHENTICATED, "these credentials were revoked");
    if (access->expires_at != 0 && access->expires_at <= ag_wall_ms())
        return ag_fail(AG_E_TOKEN_EXPIRED, "these credentials have expired");
    /* A key of an organisation goes on without its maker, but what is a person's own is closed with
     * them. */
    if ((!access->shared || access->personal) && !ag_str_eq(access->status, AG_STR("active")))
        return ag_fail(AG_E_FORBIDDEN, "this account is suspended; ask an administrator");
    if (!access->shared && access->org_role.len == 0)
        return ag_fail(AG_E_UNAUTHENTICATED, "its owner left the organisation of this key");
    return AG_OK;
}

/* Why a session is not let in where it was: it has ended, or goes on in another organisation. */
static enum ag_err look_elsewhere(struct ag_core *core, struct ag_arena *arena,
                                  const struct ag_principal *who)
{
    struct ag_access access = {.expires_at = 0};
    enum ag_err err = ag_sessions_access(core->db, arena, who->session_id, &access);
    AG_TRY(check_access(err, &access));
    return ag_fail(AG_E_FORBIDDEN, "you are no member of this organisation any more");
}

/* By id, because the secret may have been exchanged since, and in the organisation of then, because
 * switching to another one takes no right away. That a token has reached its own end is not looked
 * at: what it began may go on as long as its session lives. */
enum ag_err ag_principal_look(struct ag_core *core, const struct ag_principal *who,
                              struct ag_principal *ret_now)
{
    AG_CLEANUP(ag_arena_done) struct ag_arena arena;
    ag_arena_init(&arena);
    struct ag_access access = {.expires_at = 0};
    struct moment asked = moment_now(core);
    if (who->credential == AG_CRED_KEY) {
        AG_TRY(check_access(ag_api_keys_access_by_id(core->db, &arena, who->key_id, &access),
                            &access));
    } else {
        enum ag_err err = ag_sessions_access_in(core->db, &arena, who->session_id, who->org_id,
                                                &access);
        if (err == AG_E_NOT_FOUND) return look_elsewhere(core, &arena, who);
        AG_TRY(check_access(err, &access));
    }
    *ret_now = principal_of(&access, who->credential, &asked);
    return AG_OK;
}

bool ag_principal_fresh(struct ag_core *core, const struct ag_principal *who)
{
    return who->epoch == access_epoch(core) && ag_mono_ms() - who->read_at_ms < AG_FRESH_MS;
}

bool ag_principal_outdated(struct ag_core *core, const struct ag_principal *who)
{
    return who->epoch != access_epoch(core) || ag_mono_ms() - who->read_at_ms > AG_ACCESS_TTL_MS;
}

enum ag_err ag_principal_renew(struct ag_scope *scope, enum ag_permission permission)
{
    struct ag_principal now;
    if (scope->who.credential == AG_CRED_NONE || ag_principal_fresh(scope->core, &scope->who))
        return AG_OK;
    AG_TRY(ag_principal_look(scope->core, &scope->who, &now));
    scope->who = now;
    if (ag_principal_may(&now, permission)) return AG_OK;
    return ag_fail(AG_E_FORBIDDEN, "this needs the permission %s",
                   ag_permission_info(permission)->name);
}

bool ag_authenticate_known(struct ag_core *core, enum ag_credential kind, struct ag_str secret,
                           struct ag_principal *ret_who)
{
    struct ag_access_cache *cache = ag_core_loop(core)->access;
    struct ag_principal known;
    if (!ag_access_cache_get(cache, secret, access_epoch(core), &known) || known.credential != kind)
        return false;
    *ret_who = known;
    return true;
}

bool ag_authenticate_seen(struct ag_core *core, struct ag_str secret)
{
    uint64_t hash = ag_str_hash(secret);
    return atomic_load_explicit(&core->seen[hash % AG_SEEN_CREDENTIALS], memory_order_relaxed) ==
           hash;
}

static void note_seen(struct ag_core *core, struct ag_str secret, bool valid)
{
    uint64_t hash = ag_str_hash(secret);
    _Atomic uint64_t *slot = &core->seen[hash % AG_SEEN_CREDENTIALS];
    if (valid)
        atomic_store_explicit(slot, hash, memory_order_relaxed);
    else
        atomic_compare_exchange_strong(slot, &hash, 0);
}

static enum ag_err look_up(struct ag_core *core, struct ag_arena *arena, enum ag_credential kind,
                           struct ag_str secret, struct ag_principal *ret_who)
{
    struct ag_access_cache *cache = ag_core_loop(core)->access;
    struct moment asked = moment_now(core);
    struct ag_access access = {.expires_at = 0};
    AG_TRY(check_access(access_load(core, arena, kind, secret, &access), &access));
    struct ag_principal who = principal_of(&access, kind, &asked);
    touch_used(core, &access);
    ag_access_cache_put(cache, secret, access.expires_at, &who);
    *ret_who = who;
    return AG_OK;
}

enum ag_err ag_authenticate(struct ag_core *core, struct ag_arena *arena, enum ag_credential kind,
                            struct ag_str secret, struct ag_principal *ret_who)
{
    if (ag_authenticate_known(core, kind, secret, ret_who)) return AG_OK;
    enum ag_err err = look_up(core, arena, kind, secret, ret_who);
    if (ag_err_info(err)->status < 500) note_seen(core, secret, err == AG_OK);
    return err;
}
