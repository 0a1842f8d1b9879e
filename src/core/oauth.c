#include "core/oauth.h"

#include "core/accounts.h"
#include "core/limits.h"
#include "core/mail.h"
#include "core/oauth_client.h"
#include "core/orgs.h"

/* ---- words ---- */

const char *ag_oauth_error_code(enum ag_oauth_error error)
{
    static const char *const codes[AG_OAUTH_ERROR_COUNT] = {
        [AG_OAUTH_OK] = "",
#define AG_OAUTH_ERROR_CODE(name, code, doc) [AG_OAUTH_##name] = (code),
        AG_OAUTH_ERROR_TABLE(AG_OAUTH_ERROR_CODE)
#undef AG_OAUTH_ERROR_CODE
    };
    return codes[error];
}

static const char *const purposes[] = {"sign_in", "link", "reauthenticate"};

static enum ag_oauth_purpose purpose_of(struct ag_str name)
{
    for (unsigned i = 0; i < AG_COUNT(purposes); i++)
        if (ag_str_eq(name, ag_str(purposes[i]))) return (enum ag_oauth_purpose)i;
    return AG_OAUTH_SIGN_IN;
}

enum ag_oauth_error ag_oauth_error_of(enum ag_err err)
{
    switch (err) {
    case AG_OK:
        return AG_OAUTH_OK;
    case AG_E_NOT_FOUND:
    case AG_E_EGRESS_DENIED:
    case AG_E_UPSTREAM_UNREACHABLE:
    case AG_E_UPSTREAM_TIMEOUT:
    case AG_E_UPSTREAM_ERROR:
    case AG_E_UPSTREAM_INCOMPLETE:
    case AG_E_TIMEOUT:
        return AG_OAUTH_UNAVAILABLE;
    case AG_E_UPSTREAM_INVALID:
    case AG_E_UPSTREAM_REJECTED:
    case AG_E_UPSTREAM_TOO_LARGE:
    case AG_E_TOKEN_EXPIRED:
        return AG_OAUTH_INVALID;
    case AG_E_FORBIDDEN:
        return AG_OAUTH_NOT_RECENT;
    case AG_E_UNAUTHENTICATED: /* the session that asked has ended meanwhile */
        return AG_OAUTH_STATE;
    default:
        return AG_OAUTH_FAILED;
    }
}

/* ---- where to go on ---- */

/* Browsers take `//` and `/\` for the beginning of another host, and drop tabs and line ends
 * before they look. What lies under /v1 is no page. */
struct ag_str ag_oauth_next(struct ag_str path, struct ag_str otherwise)
{
    bool in_path = true;
    if (path.len == 0 || path.len > AG_OAUTH_NEXT_MAX_BYTES || path.data[0] != '/')
        return otherwise;
    for (size_t i = 0; i < path.len; i++) {
        char c = path.data[i];
        if (c <= ' ' || c >= 0x7f || c == '\\') return otherwise;
        if (c == '?' || c == '#') in_path = false;
        if (in_path && c == '/' && i + 1 < path.len && path.data[i + 1] == '/') return otherwise;
    }
    struct ag_str head = ag_str_sub(path, 0, 4);
    if (ag_str_eq_nocase(head, AG_STR("/v1/")) || ag_str_eq_nocase(path, AG_STR("/v1")))
        return otherwise;
    return path;
}

/* ---- what can be done without being signed in ---- */

static const struct ag_field provider_fields[] = {
    AG_FIELD(struct ag_sign_in_provider, id, AG_F_STRING, AG_FF_REQUIRED,
             .doc = "What the paths of `beginOAuth` and `linkIdentity` call it",
             .example = "\"google\""),
    AG_FIELD(struct ag_sign_in_provider, name, AG_F_STRING, AG_FF_REQUIRED,
             .doc = "What to call it: \"Continue with ...\"", .example = "\"Google\""),
};
static AG_SCHEMA(provider_schema, "SignInProvider", struct ag_sign_in_provider,
                 "An identity provider", provider_fields);

static const struct ag_field options_fields[] = {
    AG_FIELD(struct ag_sign_in_options, registration, AG_F_ENUM, AG_FF_REQUIRED,
             .choices = "open|invited",
             .doc = "Who may make an account: everybody, or who was invited"),
    AG_FIELD(struct ag_sign_in_options, mail, AG_F_BOOL, AG_FF_REQUIRED,
             .doc = "Whether the server sends mails; without, links are in its log"),
    AG_FIELD(struct ag_sign_in_options, providers, AG_F_LIST, AG_FF_REQUIRED, .item = AG_F_OBJECT,
             .sub = &provider_schema, .max = AG_OAUTH_PROVIDERS,
             .doc = "The identity providers that are configured"),
};
AG_SCHEMA(ag_sign_in_options_schema, "SignInOptions", struct ag_sign_in_options,
          "How people get in", options_fields);

enum ag_err ag_sign_in_options(struct ag_scope *scope, struct ag_sign_in_options *ret_options)
{
    struct ag_sign_in_provider *providers = AG_ARENA_ARRAY(scope->arena, struct ag_sign_in_provider,
                                                           AG_OAUTH_PROVIDERS);
    if (!providers) return ag_fail(AG_E_NO_MEMORY, "no memory for a list of providers");
    size_t count = 0;
    for (size_t i = 0; i < AG_OAUTH_PROVIDERS; i++) {
        const struct ag_oauth_provider *provider = &scope->core->options.oauth[i];
        if (provider->client_id.len == 0) continue;
        providers[count].id = provider->id;
        providers[count++].name = provider->name;
    }
    *ret_options = (struct ag_sign_in_options){
        .registration = ag_settings(scope->core).registration,
        .mail = ag_mail_configured(scope->core),
        .providers = {providers, count},
    };
    return AG_OK;
}

/* ---- there ---- */

/* The row of a visit is found by what the browser was given and what the provider hands back
 * together: neither alone, and neither of another browser, leads anywhere. */
static enum ag_err visit_hash(struct ag_arena *arena, struct ag_str state, struct ag_str browser,
                              uint8_t hash[AG_SECRET_HASH_BYTES])
{
    struct ag_str both = ag_arena_printf(arena, "%.*s.%.*s", AG_STR_ARG(state),
                                         AG_STR_ARG(browser));
    if (!both.data) return ag_fail(AG_E_NO_MEMORY, "no memory for a visit");
    ag_secret_hash(both, hash);
    return AG_OK;
}

static bool is_browser_secret(struct ag_str text)
{
    if (text.len != AG_OAUTH_BROWSER_BYTES || !ag_str_starts_with(text, AG_STR("ago_")))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool good = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
                    c == '-' || c == '_';
        if (!good) return false;
    }
    return true;
}

struct begin_args {
    uint8_t hash[AG_SECRET_HASH_BYTES];
    struct ag_oauth_state state;
};

static enum ag_err begin_tx(struct ag_tx *tx, void *arg)
{
    const struct begin_args *args = arg;
    return ag_oauth_states_insert(tx, ag_hash_str(args->hash), &args->state);
}

/* The secrets of a visit. One browser keeps one secret for visits in several of its windows. */
static enum ag_err make_secrets(struct ag_arena *arena, const struct ag_oauth_begin *begin,
                                struct begin_args *args, struct ag_str *ret_state,
                                struct ag_str *ret_browser)
{
    uint8_t unused[AG_SECRET_HASH_BYTES];
    *ret_browser = begin->browser;
    if (!is_browser_secret(begin->browser))
        AG_TRY(ag_secret_new("ago_", arena, ret_browser, unused));
    AG_TRY(ag_secret_new("", arena, ret_state, unused));
    AG_TRY(ag_secret_new("", arena, &args->state.nonce, unused));
    AG_TRY(ag_secret_new("", arena, &args->state.verifier, unused));
    return visit_hash(arena, *ret_state, *ret_browser, args->hash);
}

/* The address of the provider that the browser is sent to. */
static enum ag_err authorize_url(struct ag_core *core, const struct ag_oauth_provider *provider,
                                 const struct ag_oauth_begin *begin, const struct begin_args *args,
                                 struct ag_str state, struct ag_arena *arena,
                                 struct ag_str *ret_url)
{
    char challenge[AG_PKCE_CHALLENGE_CHARS + 1];
    struct ag_oidc_metadata metadata;
    struct ag_str redirect_uri, endpoint = provider->issuer;
    struct ag_buf url;
    bool github = ag_oauth_is_github(provider);
    if (!github) AG_TRY(ag_oauth_metadata(core, provider, arena, &metadata));
    AG_TRY(ag_oauth_redirect_uri(core, provider, arena, &redirect_uri));
    ag_pkce_challenge(args->state.verifier, challenge);

    while (github && endpoint.len > 0 && endpoint.data[endpoint.len - 1] == '/')
        endpoint.len--;
    ag_buf_init(&url, arena, 8 * 1024);
    ag_buf_append_str(&url, github ? endpoint : metadata.authorization_endpoint);
    if (github) ag_buf_append_lit(&url, "/login/oauth/authorize");
    if (ag_str_find_char(ag_buf_str(&url), '?') < 0) ag_buf_append_char(&url, '?');
    ag_buf_append_pair(&url, "response_type", AG_STR("code"));
    ag_buf_append_pair(&url, "client_id", provider->client_id);
    ag_buf_append_pair(&url, "redirect_uri", redirect_uri);
    ag_buf_append_pair(&url, "scope", provider->scopes);
    ag_buf_append_pair(&url, "state", state);
    ag_buf_append_pair(&url, "code_challenge", ag_str(challenge));
    ag_buf_append_pair(&url, "code_challenge_method", AG_STR("S256"));
    if (!github) ag_buf_append_pair(&url, "nonce", args->state.nonce);
    if (begin->purpose == AG_OAUTH_REAUTHENTICATE) {
        /* Of the two, Google and GitHub know the second alone. */
        ag_buf_append_pair(&url, "prompt",
                           provider->tells_auth_time ? AG_STR("login") : AG_STR("select_account"));
        if (!github) ag_buf_append_pair(&url, "max_age", AG_STR("0"));
    }
    AG_TRY(ag_buf_err(&url));
    *ret_url = ag_buf_str(&url);
    return AG_OK;
}

enum ag_err ag_oauth_begin(struct ag_scope *scope, const struct ag_oauth_begin *begin,
                           struct ag_oauth_visit *ret_visit)
{
    const struct ag_oauth_provider *provider = ag_oauth_provider(scope->core, begin->provider);
    if (!provider) return ag_fail(AG_E_NOT_FOUND, "there is no identity provider of this name");
    bool sign_in = begin->purpose == AG_OAUTH_SIGN_IN;
    struct begin_args args = {
        .state =
            {
                .provider = provider->id,
                .purpose = ag_str(purposes[begin->purpose]),
                .next = ag_oauth_next(begin->next, sign_in ? AG_STR("/") : AG_STR("/settings")),
                .created_at = ag_wall_ms(),
            },
    };
    if (!sign_in) args.state.session_id = scope->who.session_id;
    args.state.expires_at = args.state.created_at + AG_OAUTH_VISIT_MS;
    struct ag_oauth_visit visit;
    struct ag_str state;
    AG_TRY(make_secrets(scope->arena, begin, &args, &state, &visit.browser));
    AG_TRY(authorize_url(scope->core, provider, begin, &args, state, scope->arena, &visit.url));
    AG_TRY(ag_db_write(scope->core->db, scope->arena, begin_tx, &args));
    *ret_visit = visit;
    return AG_OK;
}

/* ---- and back ---- */

/* A visit that comes to its end. */
struct visit {
    struct ag_scope *scope;
    const struct ag_oauth_return *back;
    const struct ag_oauth_provider *provider;
    uint8_t hash[AG_SECRET_HASH_BYTES];
    struct ag_oauth_state state;
    struct ag_oauth_outcome *outcome;
    /* what the provider says */
    struct ag_identity_link link;
    bool email_verified;
    struct ag_str name;
    int64_t signed_in_at; /* 0: it does not say when they signed in there */
    bool open;            /* whether anybody may make an account */
    /* the decision, set anew each time its transaction runs */
    enum ag_oauth_error error;
    bool linked;         /* to an account that was there before */
    struct ag_user user; /* whom it is about; nil id: nobody known */
    /* of the session that begins */
    struct ag_uuid session_id;
    struct ag_session_secrets secrets;
};

static enum ag_err take_tx(struct ag_tx *tx, void *arg)
{
    struct visit *visit = arg;
    return ag_oauth_states_take(tx, ag_hash_str(visit->hash), &visit->state);
}

/* Takes the row of the visit away before anything else is looked at, so that it ends once. */
static enum ag_err take_state(struct visit *visit)
{
    struct ag_scope *scope = visit->scope;
    const struct ag_oauth_return *back = visit->back;
    visit->outcome->error = AG_OAUTH_STATE;
    if (back->state.len == 0 || back->state.len > 128 || !is_browser_secret(back->browser))
        return ag_fail(AG_E_INVALID, "the visit was not begun in this browser");
    AG_TRY(visit_hash(scope->arena, back->state, back->browser, visit->hash));
    enum ag_err err = ag_db_write(scope->core->db, scope->arena, take_tx, visit);
    if (err != AG_OK) visit->outcome->error = AG_OAUTH_FAILED;
    AG_TRY(err);
    if (visit->state.provider.len == 0)
        return ag_fail(AG_E_INVALID, "the visit was not begun in this browser, or is over");
    visit->outcome->purpose = purpose_of(visit->state.purpose);
    visit->outcome->next = visit->state.next;
    if (visit->state.expires_at <= ag_wall_ms())
        return ag_fail(AG_E_INVALID, "the visit took longer than %d minutes",
                       AG_OAUTH_VISIT_MS / 60000);
    if (!ag_str_eq(visit->state.provider, back->provider))
        return ag_fail(AG_E_INVALID, "the visit was to another provider");
    if (visit->outcome->purpose == AG_OAUTH_SIGN_IN) {
        scope->who = (struct ag_principal){
            .credential = AG_CRED_NONE}; /* whoever was here before */
        return AG_OK;
    }
    /* Linking and proving are for the session that asked, which must still be this browser's. */
    if (ag_uuid_eq(visit->state.session_id, scope->who.session_id)) return AG_OK;
    return ag_fail(AG_E_INVALID, "the session that began the visit is not this browser's");
}

/* Whether the answer is this provider's (RFC 9207). */
static enum ag_err check_issuer(struct visit *visit)
{
    const struct ag_oauth_provider *provider = visit->provider;
    struct ag_str iss = visit->back->iss;
    struct ag_oidc_metadata metadata;
    /* GitHub is no OpenID provider, so nothing says what it would call itself there. */
    if (ag_oauth_is_github(provider)) return AG_OK;
    AG_TRY(ag_oauth_metadata(visit->scope->core, provider, visit->scope->arena, &metadata));
    if (iss.len == 0 && !metadata.says_issuer) return AG_OK;
    if (ag_str_eq(iss, provider->issuer)) return AG_OK;
    return ag_fail(AG_E_UPSTREAM_INVALID, "the answer is another provider's");
}

static enum ag_err check_answer(struct visit *visit)
{
    const struct ag_oauth_return *back = visit->back;
    AG_TRY(check_issuer(visit));
    if (ag_str_eq(back->error, AG_STR("access_denied"))) {
        visit->outcome->error = AG_OAUTH_DENIED;
        return ag_fail(AG_E_FORBIDDEN, "access was denied at the identity provider");
    }
    if (ag_str_eq(back->error, AG_STR("server_error")) ||
        ag_str_eq(back->error, AG_STR("temporarily_unavailable")))
        return ag_fail(AG_E_UPSTREAM_ERROR, "the identity provider reports a failure of its own");
    if (back->error.len > 0)
        return ag_fail(AG_E_UPSTREAM_REJECTED, "the identity provider refused the request");
    if (back->code.len == 0)
        return ag_fail(AG_E_UPSTREAM_INVALID, "the identity provider sent no code");
    return AG_OK;
}

static enum ag_err ask_who(struct visit *visit)
{
    struct ag_scope *scope = visit->scope;
    bool again = visit->outcome->purpose == AG_OAUTH_REAUTHENTICATE;
    const struct ag_oauth_code code = {
        .code = visit->back->code,
        .verifier = visit->state.verifier,
        .nonce = visit->state.nonce,
        .signed_in_since_s = again ? visit->state.created_at / 1000 : 0,
    };
    struct ag_oidc_identity identity;
    AG_TRY(check_answer(visit));
    AG_TRY(ag_oauth_identify(scope->core, visit->provider, &code, scope->arena, &identity));
    visit->link = (struct ag_identity_link){
        .provider = visit->provider->id,
        .issuer = visit->provider->issuer,
        .subject = identity.subject,
    };
    AG_TRY(ag_email_normal(scope->arena, identity.email, &visit->link.email));
    visit->email_verified = identity.email_verified && identity.email.len > 0;
    visit->name = identity.name;
    if (visit->provider->tells_auth_time) visit->signed_in_at = identity.signed_in_at_s * 1000;
    return AG_OK;
}

/* ---- who that is here ---- */

static struct ag_str provider_details(struct ag_tx *tx, const struct visit *visit)
{
    return ag_details(ag_tx_arena(tx), "provider", visit->provider->id);
}

/* The decision is made; nothing is written. */
static enum ag_err decide(struct visit *visit, enum ag_oauth_error error)
{
    visit->error = error;
    return AG_OK;
}

static bool is_active(const struct ag_user *user)
{
    return ag_str_eq(user->status, AG_STR("active"));
}

static enum ag_err open_session(struct ag_tx *tx, struct visit *visit)
{
    visit->error = AG_OAUTH_OK;
    return ag_session_open_tx(tx, visit->scope, &visit->user, visit->session_id, &visit->secrets,
                              provider_details(tx, visit));
}

static enum ag_err insert_link(struct ag_tx *tx, struct visit *visit)
{
    struct ag_standing standing;
    /* So that an account that is being deleted is not linked afterwards. */
    AG_TRY(ag_accounts_lock(tx, visit->user.id, &standing));
    AG_TRY(ag_identities_insert(tx, visit->user.id, &visit->link, visit->secrets.now));
    return ag_audit_in(tx, visit->scope, visit->user.org_id, visit->user.id, "identity.linked",
                       provider_details(tx, visit));
}

static enum ag_err make_account(struct ag_tx *tx, struct visit *visit)
{
    struct ag_str email = visit->link.email, name = visit->name;
    if (name.len == 0) name = ag_str_sub(email, 0, (size_t)ag_str_find_char(email, '@'));
    visit->user = (struct ag_user){
        .id = ag_uuid_new(),
        .org_id = ag_uuid_new(),
        .name = name,
        .email = email,
        .status = AG_STR("active"),
        .created_at = visit->secrets.now,
        .email_verified = true,
    };
    ag_tx_tenant_swap(tx, ag_tenant(visit->user.org_id));
    AG_TRY(ag_account_create_tx(tx, visit->scope, &visit->user));
    AG_TRY(ag_accounts_verify(tx, visit->user.id, email, visit->secrets.now));
    AG_TRY(insert_link(tx, visit));
    return open_session(tx, visit);
}

/* Whether an account may be made for that address: by anybody, or because it was invited. */
static enum ag_err may_sign_up(struct ag_tx *tx, const struct visit *visit, bool *ret_may)
{
    struct ag_list list;
    *ret_may = visit->open;
    if (visit->open) return AG_OK;
    AG_TRY(ag_invitations_for_email(tx, visit->link.email, visit->secrets.now, &list));
    const struct ag_invited *invited = list.items;
    for (size_t i = 0; i < list.count; i++)
        *ret_may |= ag_invitation_holds(&invited[i], visit->secrets.now);
    return AG_OK;
}

/* Nobody here has that address. */
static enum ag_err sign_up(struct ag_tx *tx, struct visit *visit)
{
    bool may;
    AG_TRY(may_sign_up(tx, visit, &may));
    return may ? make_account(tx, visit) : decide(visit, AG_OAUTH_REGISTRATION_CLOSED);
}

static enum ag_err sign_in_tx(struct ag_tx *tx, void *arg)
{
    struct visit *visit = arg;
    struct ag_uuid identity, owner;
    visit->linked = false;
    visit->user = (struct ag_user){.set = 0};
    AG_TRY(ag_identities_find(tx, &visit->link, &identity, &owner));
    if (!ag_uuid_is_nil(identity)) {
        AG_TRY(ag_users_find_by_id(tx, owner, &visit->user));
        if (!is_active(&visit->user)) return decide(visit, AG_OAUTH_SUSPENDED);
        /* The account is held before its link, as by whoever takes the link away. */
        AG_TRY(open_session(tx, visit));
        return ag_identities_used(tx, identity, visit->link.email, visit->secrets.now);
    }
    /* From here on the address is what connects the two: whoever claims one without having proved
     * it, there or here, gets nothing of what belongs to it. */
    if (!visit->email_verified) return decide(visit, AG_OAUTH_EMAIL_UNVERIFIED);
    enum ag_err err = ag_users_find_by_email(tx, visit->link.email, &visit->user);
    if (err == AG_E_NOT_FOUND) return sign_up(tx, visit);
    AG_TRY(err);
    if (!visit->user.email_verified) return decide(visit, AG_OAUTH_LINK_REQUIRED);
    if (!is_active(&visit->user)) return decide(visit, AG_OAUTH_SUSPENDED);
    visit->linked = true;
    AG_TRY(insert_link(tx, visit));
    return open_session(tx, visit);
}

static enum ag_err link_tx(struct ag_tx *tx, void *arg)
{
    struct visit *visit = arg;
    struct ag_uuid identity, owner;
    visit->linked = false;
    AG_TRY(ag_self_lock(tx, visit->scope));
    AG_TRY(ag_users_find_by_id(tx, visit->scope->who.user_id, &visit->user));
    AG_TRY(ag_identities_find(tx, &visit->link, &identity, &owner));
    if (ag_uuid_is_nil(identity)) {
        visit->error = AG_OAUTH_OK;
        visit->linked = true;
        return insert_link(tx, visit);
    }
    if (!ag_uuid_eq(owner, visit->user.id)) return decide(visit, AG_OAUTH_TAKEN);
    return decide(visit, AG_OAUTH_OK);
}

static enum ag_err prove_tx(struct ag_tx *tx, void *arg)
{
    struct visit *visit = arg;
    const struct ag_principal *who = &visit->scope->who;
    struct ag_uuid identity, owner;
    AG_TRY(ag_self_lock(tx, visit->scope));
    AG_TRY(ag_users_find_by_id(tx, who->user_id, &visit->user));
    AG_TRY(ag_identities_find(tx, &visit->link, &identity, &owner));
    if (ag_uuid_is_nil(identity) || !ag_uuid_eq(owner, who->user_id))
        return decide(visit, AG_OAUTH_MISMATCH);
    visit->error = AG_OAUTH_OK;
    AG_TRY(ag_identities_used(tx, identity, visit->link.email, visit->secrets.now));
    AG_TRY(ag_sessions_authenticated(tx, who->session_id, visit->secrets.now));
    return ag_audit_in(tx, visit->scope, visit->user.org_id, visit->user.id, "auth.reauthenticated",
                       provider_details(tx, visit));
}

/* A door that no new password closes. An address that was not proved is perhaps a stranger's; and
 * proving it by a link for a new password takes the linked accounts away. */
static void tell_linked(const struct visit *visit)
{
    const struct ag_user *user = &visit->user;
    const struct ag_mail_values values = {.name = user->name, .other = visit->provider->name};
    if (visit->linked && user->email_verified)
        ag_mail_send(visit->scope->core, AG_MAIL_IDENTITY_LINKED, user->email, &values);
}

static enum ag_err settle(struct visit *visit)
{
    static enum ag_err (*const settlers[])(struct ag_tx * tx, void *arg) = {
        [AG_OAUTH_SIGN_IN] = sign_in_tx,
        [AG_OAUTH_LINK] = link_tx,
        [AG_OAUTH_REAUTHENTICATE] = prove_tx,
    };
    struct ag_scope *scope = visit->scope;
    enum ag_oauth_purpose purpose = visit->outcome->purpose;
    visit->session_id = ag_uuid_new();
    visit->open = ag_registration_is_open(scope->core);
    AG_TRY(ag_secrets_new(scope, &visit->secrets));
    /* Who is still signed in there from this morning has proved nothing just now. */
    if (visit->signed_in_at > 0)
        visit->secrets.authenticated_at = AG_MIN(visit->signed_in_at, visit->secrets.now);
    enum ag_err err = ag_db_write(scope->core->db, scope->arena, settlers[purpose], visit);
    /* Somebody else made the account or the link at this very moment: now it is there. */
    if (err == AG_E_EXISTS)
        err = ag_db_write(scope->core->db, scope->arena, settlers[purpose], visit);
    if (err != AG_OK) visit->user = (struct ag_user){.set = 0}; /* who may never have been there */
    AG_TRY(err);
    visit->outcome->error = visit->error;
    if (visit->error != AG_OAUTH_OK)
        return ag_fail(AG_E_FORBIDDEN, "%s", ag_oauth_error_code(visit->error));
    tell_linked(visit);
    if (purpose == AG_OAUTH_REAUTHENTICATE) ag_access_changed(scope->core);
    if (purpose != AG_OAUTH_SIGN_IN) return AG_OK;
    return ag_grant_fill(scope, &visit->user, visit->session_id, &visit->secrets,
                         &visit->outcome->grant);
}

/* ---- its end ---- */

static enum ag_err failed_tx(struct ag_tx *tx, void *arg)
{
    const struct visit *visit = arg;
    struct ag_user user = visit->user;
    struct ag_str details = ag_arena_printf(
        ag_tx_arena(tx), "{\"provider\":\"%.*s\",\"error\":\"%s\"}",
        AG_STR_ARG(visit->provider->id), ag_oauth_error_code(visit->outcome->error));
    if (!details.data) return ag_fail(AG_E_NO_MEMORY, "no memory for an entry of the audit log");
    /* Whoever wanted to link or to prove is known even when the provider said nothing. */
    if (visit->outcome->purpose != AG_OAUTH_SIGN_IN)
        AG_TRY(ag_users_find_by_id(tx, visit->scope->who.user_id, &user));
    return ag_audit_in(tx, visit->scope, user.org_id, user.id, "auth.sign_in_failed", details);
}

static enum ag_err run_visit(struct visit *visit)
{
    AG_TRY(take_state(visit));
    visit->outcome->error = AG_OAUTH_OK;
    visit->provider = ag_oauth_provider(visit->scope->core, visit->state.provider);
    if (!visit->provider) return ag_fail(AG_E_NOT_FOUND, "the provider is not configured any more");
    AG_TRY(ask_who(visit));
    return settle(visit);
}

enum ag_err ag_oauth_finish(struct ag_scope *scope, const struct ag_oauth_return *back,
                            struct ag_oauth_outcome *ret_outcome)
{
    struct ag_oauth_outcome outcome = {.next = AG_STR("/")};
    struct visit visit = {.scope = scope, .back = back, .outcome = &outcome};
    enum ag_err err = run_visit(&visit);
    if (err != AG_OK && outcome.error == AG_OAUTH_OK) outcome.error = ag_oauth_error_of(err);
    *ret_outcome = outcome;
    /* What was no visit at all, anybody can send at any rate. */
    if (err == AG_OK || !visit.provider) return err;
    struct ag_diag why = *ag_diag();
    enum ag_err noted = ag_db_write(scope->core->db, scope->arena, failed_tx, &visit);
    /* A log that cannot be written is a failure of its own, unless it is the same one. */
    if (noted != AG_OK && outcome.error != AG_OAUTH_FAILED) return noted;
    *ag_diag() = why;
    return err;
}

/* ---- taking a linked account away ---- */

struct unlink_args {
    struct ag_scope *scope;
    struct ag_uuid id;
};

/* Whether one of the issuers is of a provider that is configured. */
static bool any_usable(const struct ag_core *core, const struct ag_list *issuers)
{
    const struct ag_str *names = issuers->items;
    for (size_t i = 0; i < issuers->count; i++)
        for (size_t k = 0; k < AG_OAUTH_PROVIDERS; k++)
            if (core->options.oauth[k].client_id.len > 0 &&
                ag_str_eq(core->options.oauth[k].issuer, names[i]))
                return true;
    return false;
}

enum ag_err ag_linked_names(struct ag_tx *tx, const struct ag_core *core, struct ag_uuid user,
                            struct ag_str *ret_names)
{
    struct ag_list list;
    struct ag_buf names;
    AG_TRY(ag_identities_issuers(tx, user, &list));
    const struct ag_str *issuers = list.items;
    ag_buf_init(&names, ag_tx_arena(tx), 4096);
    for (size_t k = 0; k < AG_OAUTH_PROVIDERS; k++) {
        const struct ag_oauth_provider *provider = &core->options.oauth[k];
        size_t count = 0;
        for (size_t i = 0; provider->client_id.len > 0 && i < list.count; i++)
            count += ag_str_eq(provider->issuer, issuers[i]);
        if (count == 0) continue;
        if (names.len > 0) ag_buf_append_lit(&names, ", ");
        ag_buf_append_str(&names, provider->name);
        if (count > 1) ag_buf_printf(&names, " (%zu)", count);
    }
    AG_TRY(ag_buf_err(&names));
    *ret_names = ag_buf_str(&names);
    return AG_OK;
}

static enum ag_err unlink_tx(struct ag_tx *tx, void *arg)
{
    struct unlink_args *args = arg;
    struct ag_scope *scope = args->scope;
    struct ag_user user;
    struct ag_str provider;
    struct ag_list left;
    /* Two of them at once must not each count on the other one. */
    AG_TRY(ag_self_lock(tx, scope));
    AG_TRY(ag_identities_delete(tx, scope->who.user_id, args->id, &provider));
    AG_TRY(ag_users_find_by_id(tx, scope->who.user_id, &user));
    AG_TRY(ag_identities_issuers(tx, scope->who.user_id, &left));
    if (!user.password_hash.data && !any_usable(scope->core, &left))
        return ag_fail(AG_E_CONFLICT, "this is the only way to sign in to the account: set a "
                                      "password first, or link another one");
    return ag_audit_in(tx, scope, user.org_id, user.id, "identity.unlinked",
                       ag_details(ag_tx_arena(tx), "provider", provider));
}

enum ag_err ag_identity_unlink(struct ag_scope *scope, struct ag_uuid id)
{
    struct unlink_args args = {scope, id};
    return ag_db_write(scope->core->db, scope->arena, unlink_tx, &args);
}
