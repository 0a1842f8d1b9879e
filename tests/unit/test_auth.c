/* Permissions, principals, secrets, passwords, tokens. */
#include "auth/auth.h"
#include "auth/password_common.h"
#include "runtime/loop.h"
#include "runtime/fiber.h"

#include <pthread.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#define KEY_TEXT "Zk3v9QmT4xWc7sLr2yHd8pNb5gJf6aUe"
static const struct ag_str key_text = {KEY_TEXT, sizeof(KEY_TEXT) - 1};

/* ---- permissions and principals ---- */

static void permissions_have_names_and_roles(void **state)
{
    (void)state;
    for (unsigned i = AG_PERM_PUBLIC + 1; i < AG_PERM_COUNT; i++) {
        enum ag_permission permission = (enum ag_permission)i;
        const struct ag_permission_info *info = ag_permission_info(permission);
        assert_non_null(strchr(info->name, ':'));
        assert_true(strlen(info->doc) > 0);
        /* Either the owner of an organisation holds it, or the server's administrator. */
        assert_int_not_equal((info->roles >> AG_ROLE_OWNER) & 1,
                             (info->roles >> AG_ROLE_SERVER) & 1);
        assert_int_equal(ag_permission_find(ag_str(info->name)), permission);
    }
}

static void nobody_can_be_given_unset_or_public(void **state)
{
    (void)state;
    assert_int_equal(ag_permission_find(AG_STR("public")), AG_PERM_UNSET);
    assert_int_equal(ag_permission_find(AG_STR("unset")), AG_PERM_UNSET);
    assert_int_equal(ag_permission_find(AG_STR("agents:rea")), AG_PERM_UNSET);
    assert_int_equal(ag_permission_find(AG_STR("")), AG_PERM_UNSET);
    assert_int_equal(ag_permission_info(AG_PERM_PUBLIC)->roles, 0);
    assert_ptr_equal(ag_permission_info(AG_PERM_COUNT), ag_permission_info(AG_PERM_UNSET));
}

static void roles_hold_what_the_table_says(void **state)
{
    (void)state;
    uint64_t member = ag_role_permissions(AG_ROLE_MEMBER);
    uint64_t manager = ag_role_permissions(AG_ROLE_MANAGER);
    uint64_t system = ag_role_permissions(AG_ROLE_SERVER);
    assert_true(member & ag_permission_bit(AG_PERM_AI_RUN));
    assert_false(member & ag_permission_bit(AG_PERM_AGENTS_DELETE));
    assert_true(manager & ag_permission_bit(AG_PERM_AGENTS_DELETE));
    assert_true(system & ag_permission_bit(AG_PERM_ADMIN_USERS));
    assert_int_equal(ag_role_permissions(AG_ROLE_COUNT), 0);
    /* Each role of an organisation holds what the next one holds, and none of the server's. */
    for (unsigned role = AG_ROLE_OWNER; role < AG_ROLE_VIEWER; role++)
        assert_int_equal(ag_role_permissions((enum ag_role)(role + 1)) &
                             ~ag_role_permissions((enum ag_role)role),
                         0);
    assert_int_equal(ag_role_permissions(AG_ROLE_OWNER) & system, 0);
    uint64_t given = ag_role_permissions(AG_ROLE_OWNER) | system;
    assert_int_equal(given & (ag_permission_bit(AG_PERM_UNSET) | ag_permission_bit(AG_PERM_PUBLIC)),
                     0);
}

static void roles_have_names(void **state)
{
    (void)state;
    for (unsigned role = 0; role < AG_ORG_ROLES; role++)
        assert_int_equal(ag_role_find(ag_str(ag_role_name((enum ag_role)role))), role);
    assert_int_equal(ag_role_find(AG_STR("system")), AG_ROLE_COUNT);
    assert_int_equal(ag_role_find(AG_STR("Owner")), AG_ROLE_COUNT);
    assert_int_equal(ag_role_find(AG_STR("")), AG_ROLE_COUNT);
}

static void permissions_are_read_from_lists(void **state)
{
    (void)state;
    assert_int_equal(ag_permissions_from_json(AG_STR("[]")), 0);
    assert_int_equal(ag_permissions_from_json(AG_STR("[\"nothing:such\",\"public\"]")), 0);
    assert_int_equal(ag_permissions_from_json(AG_STR("[\"ai:run\", \"agents:read\"]")),
                     ag_permission_bit(AG_PERM_AI_RUN) | ag_permission_bit(AG_PERM_AGENTS_READ));
}

static void principal_may_only_what_it_holds(void **state)
{
    (void)state;
    struct ag_principal user = {.credential = AG_CRED_TOKEN,
                                .permissions = ag_role_permissions(AG_ROLE_MEMBER)};
    assert_true(ag_principal_may(&user, AG_PERM_AGENTS_READ));
    assert_false(ag_principal_may(&user, AG_PERM_AGENTS_DELETE));
    assert_true(ag_principal_may(&user, AG_PERM_PUBLIC));

    struct ag_principal everything = {.credential = AG_CRED_KEY, .permissions = UINT64_MAX};
    assert_false(ag_principal_may(&everything, AG_PERM_UNSET));
    assert_false(ag_principal_may(&everything, AG_PERM_COUNT));

    struct ag_principal nobody = {.permissions = UINT64_MAX};
    assert_false(ag_principal_may(&nobody, AG_PERM_AGENTS_READ));
    assert_true(ag_principal_may(&nobody, AG_PERM_PUBLIC));
}

/* ---- secrets ---- */

static void secrets_are_new_and_found_by_their_hash(void **state)
{
    (void)state;
    struct ag_arena arena;
    ag_arena_init(&arena);
    struct ag_str a, b;
    uint8_t hash_a[AG_SECRET_HASH_BYTES], hash_b[AG_SECRET_HASH_BYTES], again[AG_SECRET_HASH_BYTES];
    assert_int_equal(ag_secret_new("agk_", &arena, &a, hash_a), AG_OK);
    assert_int_equal(ag_secret_new("agk_", &arena, &b, hash_b), AG_OK);
    assert_int_equal(a.len, 4 + 43);
    assert_true(ag_is_api_key(a) && ag_is_api_key(b));
    assert_false(ag_str_eq(a, b));
    ag_secret_hash(a, again);
    assert_memory_equal(hash_a, again, sizeof(again));
    assert_memory_not_equal(hash_a, hash_b, sizeof(again));

    struct ag_str cookie;
    assert_int_equal(ag_secret_new("", &arena, &cookie, again), AG_OK);
    assert_int_equal(cookie.len, 43);
    assert_false(ag_is_api_key(cookie));
    ag_arena_done(&arena);
}

static void secret_hash_is_sha256(void **state)
{
    (void)state;
    /* FIPS 180-2, appendix B.1 */
    static const uint8_t abc[] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
                                  0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
                                  0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
    uint8_t hash[AG_SECRET_HASH_BYTES];
    ag_secret_hash(AG_STR("abc"), hash);
    assert_memory_equal(hash, abc, sizeof(hash));
    ag_secret_hash((struct ag_str){NULL, 0}, hash); /* no presented secret: no crash, no match */
    assert_memory_not_equal(hash, abc, sizeof(hash));
}

static void api_keys_have_one_form(void **state)
{
    (void)state;
#define X43 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN_-0"
    assert_true(ag_is_api_key(AG_STR("agk_" X43)));
    static const struct ag_str refused[] = {
        AG_STR(""),
        AG_STR("agk_"),
        AG_STR("agk_" X43 "0"),
        AG_STR("AGK_" X43),
        AG_STR("agx_" X43),
        AG_STR("agk_" X43 "="),
        AG_STR("agk_" X43 " "),
        AG_STR("agk_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN_-/"),
        AG_STR("agk_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN_-"),
    };
    for (size_t i = 0; i < AG_COUNT(refused); i++)
        assert_false(ag_is_api_key(refused[i]));
}

/* ---- passwords ---- */

static void weak_passwords_are_refused(void **state)
{
    (void)state;
    static const struct ag_str refused[] = {
        AG_STR(""),
        AG_STR("short"),
        AG_STR("seven77"),
        AG_STR("aaaaaaaaaaaa"),
        AG_STR("12345678"),
        AG_STR("1234567890"),
        AG_STR("0987654321"),
        AG_STR("87654321"),
        AG_STR("abcdefghij"),
        AG_STR("hgfedcba"),
        AG_STR("password"),
        AG_STR("PassWord1"),
        AG_STR("QWERTYUIOP"),
        AG_STR("iLoveYou"),
        AG_STR("zxcvbnm123"),
        AG_STR("!qaz2wsx"),
        AG_STR("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"), /* 8 times é */
        AG_STR("\xc3\xa9t\xc3\xa9\xc3\xa0\xc3\xa9"), /* 5 characters in 9 bytes */
        AG_STR("not utf-8 \xff"),
    };
    for (size_t i = 0; i < AG_COUNT(refused); i++)
        if (!ag_password_problem(refused[i])) fail_msg("accepted: %.*s", AG_STR_ARG(refused[i]));
}

static void other_passwords_are_fine(void **state)
{
    (void)state;
    static const struct ag_str fine[] = {
        AG_STR("correct horse battery"),
        AG_STR("h8Kq2-zz"),
        AG_STR("passwordz"),
        AG_STR("        x"),
        AG_STR("abcdefgi"),
        AG_STR("password\0x"),
        AG_STR("\xd0\xbf\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb\xd1\x8c\xd0\xbd\xd0\xb8"), /* 8 letters */
        AG_STR("\xf0\x9f\x90\x8e\xf0\x9f\x94\x8b\xf0\x9f\x93\x8e\xf0\x9f\x90\x8e\xf0\x9f\x94\x8b"
               "\xf0\x9f\x93\x8e\xf0\x9f\x90\x8e\xf0\x9f\x94\x8b"), /* 8 pictures */
    };
    for (size_t i = 0; i < AG_COUNT(fine); i++)
        if (ag_password_problem(fine[i]))
            fail_msg("refused: %.*s: %s", AG_STR_ARG(fine[i]), ag_password_problem(fine[i]));
}

static void password_length_counts_characters(void **state)
{
    (void)state;
    char text[(AG_PASSWORD_MAX + 1) * 2];
    for (size_t i = 0; i < sizeof(text); i += 2)
        memcpy(text + i, i % 4 ? "\xc3\xa9" : "\xc3\xa0", 2);
    assert_null(ag_password_problem(ag_str_n(text, AG_PASSWORD_MAX * 2)));
    assert_non_null(ag_password_problem(ag_str_n(text, sizeof(text))));
}

static void common_passwords_are_in_order(void **state)
{
    (void)state;
    assert_true(ag_common_password_count >= 300);
    for (size_t i = 0; i < ag_common_password_count; i++) {
        const char *word = ag_common_passwords[i];
        if (i > 0) assert_true(strcmp(ag_common_passwords[i - 1], word) < 0);
        assert_true(strlen(word) >= AG_PASSWORD_MIN);
        for (const char *c = word; *c; c++)
            assert_false(*c >= 'A' && *c <= 'Z');
        assert_non_null(ag_password_problem(ag_str(word)));
        /* One character less or more is another password. */
        char longer[64];
        snprintf(longer, sizeof(longer), "%s%%", word);
        assert_false(ag_password_is_common(ag_str(longer)));
    }
}

/* Runs `fn` on a fiber of a fresh loop, with the password threads up. Assertions are made after it:
 * a failing one must not jump from a fiber's stack. */
static void on_loop(unsigned threads, void (*fn)(void *arg), void *arg)
{
    struct ag_loop *loop;
    assert_int_equal(ag_passwords_start(threads), AG_OK);
    assert_int_equal(ag_loop_new(0, &loop), AG_OK);
    assert_int_equal(ag_fiber_spawn("test", fn, arg), AG_OK);
    ag_loop_stop(loop);
    ag_loop_run(loop);
    ag_loop_free(loop);
    ag_passwords_stop();
    ag_arena_pool_done();
}

struct hashing {
    struct ag_str password;
    char first[AG_PASSWORD_HASH_BYTES], second[AG_PASSWORD_HASH_BYTES];
    enum ag_err hash_first, hash_second, right, right_second, wrong, wrong_case, empty, unknown,
        garbage, too_long, hash_too_long;
};

static void hash_and_verify(void *arg)
{
    struct hashing *h = arg;
    static char long_text[AG_PASSWORD_MAX * 4 + 1] = "a";
    char untouched[AG_PASSWORD_HASH_BYTES];
    h->hash_first = ag_password_hash(h->password, h->first);
    h->hash_second = ag_password_hash(h->password, h->second);
    h->right = ag_password_verify(h->password, h->first);
    h->right_second = ag_password_verify(h->password, h->second);
    h->wrong = ag_password_verify(AG_STR("correct horse batterz"), h->first);
    h->wrong_case = ag_password_verify(AG_STR("Correct horse battery"), h->first);
    h->empty = ag_password_verify(AG_STR(""), h->first);
    h->unknown = ag_password_verify(h->password, NULL);
    h->garbage = ag_password_verify(h->password, "$argon2id$v=19$m=19456,t=2,p=1$");
    h->too_long = ag_password_verify(ag_str_n(long_text, sizeof(long_text)), h->first);
    h->hash_too_long = ag_password_hash(ag_str_n(long_text, sizeof(long_text)), untouched);
}

static void passwords_hash_and_verify(void **state)
{
    (void)state;
    struct hashing h = {.password = AG_STR("correct horse battery")};
    on_loop(1, hash_and_verify, &h);
    assert_int_equal(h.hash_first, AG_OK);
    assert_int_equal(h.hash_second, AG_OK);
    static const char parameters[] = "$argon2id$v=19$m=19456,t=2,p=1$";
    assert_memory_equal(h.first, parameters, sizeof(parameters) - 1);
    assert_string_not_equal(h.first, h.second); /* salted */
    assert_int_equal(h.right, AG_OK);
    assert_int_equal(h.right_second, AG_OK);
    assert_int_equal(h.wrong, AG_E_BAD_CREDENTIALS);
    assert_int_equal(h.wrong_case, AG_E_BAD_CREDENTIALS);
    assert_int_equal(h.empty, AG_E_BAD_CREDENTIALS);
    assert_int_equal(h.unknown, AG_E_BAD_CREDENTIALS);
    assert_int_equal(h.garbage, AG_E_BAD_CREDENTIALS);
    assert_int_equal(h.too_long, AG_E_BAD_CREDENTIALS);
    assert_int_equal(h.hash_too_long, AG_E_INVALID);
}

static int64_t cpu_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

struct effort {
    int64_t known_us, unknown_us; /* least of three */
};

static void measure_effort(void *arg)
{
    struct effort *effort = arg;
    char hash[AG_PASSWORD_HASH_BYTES];
    *effort = (struct effort){INT64_MAX, INT64_MAX};
    if (ag_password_hash(AG_STR("correct horse battery"), hash) != AG_OK) return;
    for (int i = 0; i < 3; i++) {
        int64_t start = cpu_us();
        if (ag_password_verify(AG_STR("another horse"), hash) != AG_E_BAD_CREDENTIALS) return;
        int64_t middle = cpu_us();
        if (ag_password_verify(AG_STR("another horse"), NULL) != AG_E_BAD_CREDENTIALS) return;
        effort->known_us = AG_MIN(effort->known_us, middle - start);
        effort->unknown_us = AG_MIN(effort->unknown_us, cpu_us() - middle);
    }
}

static void unknown_accounts_cost_what_known_ones_do(void **state)
{
    (void)state;
    struct effort effort;
    on_loop(1, measure_effort, &effort);
    assert_true(effort.known_us < INT64_MAX);
    assert_in_range(effort.unknown_us * 100 / effort.known_us, 50, 200);
}

enum { CROWD = 40 };
struct crowd {
    enum ag_err results[CROWD];
    int started;
};

static void one_of_the_crowd(void *arg)
{
    struct crowd *crowd = arg;
    int mine = crowd->started++;
    crowd->results[mine] = ag_password_verify(AG_STR("correct horse battery"), NULL);
}

static void let_the_crowd_in(void *arg)
{
    for (int i = 0; i < CROWD; i++)
        if (ag_fiber_spawn("login", one_of_the_crowd, arg) != AG_OK) return;
}

static void the_gate_refuses_a_crowd(void **state)
{
    (void)state;
    struct crowd crowd = {0};
    on_loop(1, let_the_crowd_in, &crowd);
    int served = 0, refused = 0;
    for (int i = 0; i < CROWD; i++) {
        if (crowd.results[i] == AG_E_BAD_CREDENTIALS) served++;
        if (crowd.results[i] == AG_E_OVERLOADED) refused++;
    }
    assert_int_equal(served + refused, CROWD);
    assert_in_range(served, 32, 34); /* 32 wait; the thread may have taken one or two off already */
}

/* ---- tokens ---- */

static const int64_t NOW = 1760000000;
#define IDS                                                                                        \
    "\"sub\":\"0199b3a0-0000-7000-8000-000000000001\","                                            \
    "\"jti\":\"0199b3a0-0000-7000-8000-000000000002\","
#define PARTIES "\"iss\":\"agentgen\",\"aud\":\"agentgen\","
#define GOOD    PARTIES IDS "\"iat\":1760000000,\"exp\":1760003600"
#define HEADER  "{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}"

static struct ag_jwt_key *new_key(void)
{
    struct ag_jwt_key *key = NULL;
    assert_int_equal(ag_jwt_key_new(key_text, &key), AG_OK);
    return key;
}

static struct ag_str base64url(struct ag_arena *arena, const void *data, size_t n)
{
    size_t size = sodium_base64_encoded_len(n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *text = ag_arena_alloc(arena, size);
    assert_non_null(text);
    sodium_bin2base64(text, size, data, n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return ag_str_n(text, size - 1);
}

/* Signs `text` with libsodium's HMAC, which the code under test does not use. */
static struct ag_str sign(struct ag_arena *arena, struct ag_str text)
{
    crypto_auth_hmacsha256_state hmac;
    uint8_t mac[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_init(&hmac, (const uint8_t *)key_text.data, key_text.len);
    crypto_auth_hmacsha256_update(&hmac, (const uint8_t *)text.data, text.len);
    crypto_auth_hmacsha256_final(&hmac, mac);
    return ag_arena_printf(arena, "%.*s.%.*s", AG_STR_ARG(text),
                           AG_STR_ARG(base64url(arena, mac, sizeof(mac))));
}

static struct ag_str token_of(struct ag_arena *arena, struct ag_str header, struct ag_str payload)
{
    struct ag_str head = base64url(arena, header.data, header.len);
    struct ag_str body = base64url(arena, payload.data, payload.len);
    return sign(arena, ag_arena_printf(arena, "%.*s.%.*s", AG_STR_ARG(head), AG_STR_ARG(body)));
}

static enum ag_err verify(const struct ag_jwt_key *key, struct ag_str token)
{
    struct ag_jwt_claims claims, before;
    memset(&claims, 0x5a, sizeof(claims));
    before = claims;
    enum ag_err err = ag_jwt_verify(key, token, NOW, &claims);
    if (err != AG_OK) assert_memory_equal(&claims, &before, sizeof(claims)); /* left untouched */
    return err;
}

static void tokens_carry_their_claims(void **state)
{
    (void)state;
    struct ag_arena arena;
    ag_arena_init(&arena);
    struct ag_jwt_key *key = new_key();
    struct ag_jwt_claims in = {.session_id = ag_uuid_new(),
                               .user_id = ag_uuid_new(),
                               .issued_at_s = NOW,
                               .expires_at_s = NOW + 3600};
    struct ag_jwt_claims out;
    struct ag_str token;
    assert_int_equal(ag_jwt_sign(key, &in, &arena, &token), AG_OK);
    assert_true(token.len <= AG_JWT_MAX_BYTES);
    assert_int_equal(ag_jwt_verify(key, token, NOW, &out), AG_OK);
    assert_true(ag_uuid_eq(in.session_id, out.session_id));
    assert_true(ag_uuid_eq(in.user_id, out.user_id));
    assert_int_equal(out.issued_at_s, NOW);
    assert_int_equal(out.expires_at_s, NOW + 3600);

    /* The longest there can be still fits. */
    in.issued_at_s = 0;
    in.expires_at_s = INT64_MAX;
    assert_int_equal(ag_jwt_sign(key, &in, &arena, &token), AG_OK);
    assert_int_equal(ag_jwt_verify(key, token, NOW, &out), AG_OK);
    assert_int_equal(out.expires_at_s, INT64_MAX);
    ag_jwt_key_free(key);
    ag_arena_done(&arena);
}

/* A token built by other code from the same key is accepted, and the one we make is the same. */
static void tokens_are_plain_hs256(void **state)
{
    (void)state;
    struct ag_arena arena;
    ag_arena_init(&arena);
    struct ag_jwt_key *key = new_key();
    struct ag_str theirs = token_of(&arena, AG_STR(HEADER), AG_STR("{" GOOD "}"));
    struct ag_jwt_claims claims;
    struct ag_str ours;
    assert_int_equal(ag_jwt_verify(key, theirs, NOW, &claims), AG_OK);
    assert_int_equal(ag_jwt_sign(key, &claims, &arena, &ours), AG_OK);
    assert_true(ag_str_eq(ours, theirs));
    /* Members in another order and white space are JSON all the same. */
    struct ag_str other = token_of(&arena, AG_STR(HEADER),
                                   AG_STR("{ \"exp\":1760003600, \"iat\":1760000000,\n" IDS
                                          "\"aud\":\"agentgen\",\"iss\":\"agentgen\"}"));
    assert_int_equal(verify(key, other), AG_OK);
    ag_jwt_key_free(key);
    ag_arena_done(&arena);
}

static void other_headers_are_refused(void **state)
{
    (void)state;
    static const struct ag_str headers[] = {
        AG_STR("{\"alg\":\"none\",\"typ\":\"at+jwt\"}"),
        AG_STR("{\"alg\":\"HS512\",\"typ\":\"at+jwt\"}"),
        AG_STR("{\"alg\":\"RS256\",\"typ\":\"at+jwt\"}"),
        AG_STR("{\"alg\":\"hs256\",\"typ\":\"at+jwt\"}"),
        AG_STR("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"),
        AG_STR("{\"alg\":\"HS256\"}"),
        AG_STR("{\"typ\":\"at+jwt\",\"alg\":\"HS256\"}"),
        AG_STR("{\"alg\":\"HS256\",\"typ\":\"at+jwt\" }"),
        AG_STR("{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"crit\":[\"exp\"]}"),
        AG_STR("{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"../../dev/null\"}"),
        AG_STR(""),
    };
    struct ag_arena arena;
    ag_arena_init(&arena);
    struct ag_jwt_key *key = new_key();
    for (size_t i = 0; i < AG_COUNT(headers); i++)
        assert_int_equal(verify(key, token_of(&arena, headers[i], AG_STR("{" GOOD "}"))),
                         AG_E_UNAUTHENTICATED);
    ag_jwt_key_free(key);
    ag_arena_done(&arena);
}

/* All signed with the right key: the claims alone must not pass. */
static void other_claims_are_refused(void **state)
{
    (void)state;
    static const struct ag_str payloads[] = {
        AG_STR(""),
        AG_STR("{}"),
        AG_STR("null"),
        AG_STR("["
               "]"),
        AG_STR("{" GOOD),
        AG_STR("{" GOOD "}}"),
        AG_STR("{" GOOD "} x"),
        AG_STR("{" GOOD ",}"),
        AG_STR("\xef\xbb\xbf{" GOOD "}"),
        AG_STR("{" GOOD ",\"role\":\"admin\"}"),
        AG_STR("{" GOOD ",\"exp\":1760003600}"),
        AG_STR("{" PARTIES IDS "\"iat\":1760000000}"),
        AG_STR("{" PARTIES IDS "\"exp\":1760003600}"),
        AG_STR("{" IDS "\"iat\":1760000000,\"exp\":1760003600}"),
        AG_STR("{\"iss\":\"agentgen\",\"iss\":\"agentgen\"," IDS
               "\"iat\":1760000000,\"exp\":1760003600}"),
        AG_STR("{\"iss\":\"Agentgen\",\"aud\":\"agentgen\"," IDS
               "\"iat\":1760000000,\"exp\":1760003600}"),
        AG_STR("{\"iss\":\"agentgen\",\"aud\":\"other\"," IDS
               "\"iat\":1760000000,\"exp\":1760003600}"),
        AG_STR("{\"iss\":\"agentgen\",\"aud\":[\"agentgen\"]," IDS
               "\"iat\":1760000000,\"exp\":1760003600}"),
        AG_STR("{\"iss\":\"agentgen\\u0000\",\"aud\":\"agentgen\"," IDS
               "\"iat\":1760000000,\"exp\":1760003600}"),
        AG_STR("{" PARTIES IDS "\"iat\":1760000000,\"exp\":1760003600.0}"),
        AG_STR("{" PARTIES IDS "\"iat\":1760000000,\"exp\":1e300}"),
        AG_STR("{" PARTIES IDS "\"iat\":1760000000,\"exp\":\"1760003600\"}"),
        AG_STR("{" PARTIES IDS "\"iat\":1760000000,\"exp\":null}"),
        AG_STR("{" PARTIES IDS "\"iat\":1760000000,\"exp\":true}"),
        AG_STR("{" PARTIES IDS "\"iat\":1760000000,\"exp\":9223372036854775808}"),
        AG_STR("{" PARTIES IDS "\"iat\":-1,\"exp\":1760003600}"),
        AG_STR("{" PARTIES IDS "\"iat\":1760000000,\"exp\":-1}"),
        AG_STR("{" PARTIES IDS "\"iat\":1760000061,\"exp\":1760003600}"),
        AG_STR("{" PARTIES "\"sub\":\"1\",\"jti\":\"0199b3a0-0000-7000-8000-000000000002\","
               "\"iat\":1760000000,\"exp\":1760003600}"),
        AG_STR("{" PARTIES "\"sub\":\"00000000-0000-0000-0000-000000000000\","
               "\"jti\":\"0199b3a0-0000-7000-8000-000000000002\",\"iat\":1760000000,\"exp\":"
               "1760003600}"),
        AG_STR("{" PARTIES "\"sub\":\"0199b3a0-0000-7000-8000-000000000001\","
               "\"jti\":\"00000000-0000-0000-0000-000000000000\",\"iat\":1760000000,\"exp\":"
               "1760003600}"),
        AG_STR("{" PARTIES "\"sub\":17,\"jti\":18,\"iat\":1760000000,\"exp\":1760003600}"),
    };
    struct ag_arena arena;
    ag_arena_init(&arena);
    struct ag_jwt_key *key = new_key();
    for (size_t i = 0; i < AG_COUNT(payloads); i++)
        if (verify(key, token_of(&arena, AG_STR(HEADER), payloads[i])) != AG_E_UNAUTHENTICATED)
            fail_msg("accepted: %.*s", AG_STR_ARG(payloads[i]));
    ag_jwt_key_free(key);
    ag_arena_done(&arena);
}

static void tokens_have_their_time(void **state)
{
    (void)state;
    struct ag_arena arena;
    ag_arena_init(&arena);
    struct ag_jwt_key *key = new_key();
    static const struct {
        int64_t issued_at_s, expires_at_s;
        enum ag_err err;
    } cases[] = {
        {NOW - 3600, NOW + 1, AG_OK},
        {NOW - 3600, NOW, AG_E_TOKEN_EXPIRED}, /* "on or after" exp, RFC 7519 4.1.4 */
        {NOW - 3600, NOW - 1, AG_E_TOKEN_EXPIRED},
        {NOW - 3600, 0, AG_E_TOKEN_EXPIRED},
        {NOW + 60, NOW + 3600, AG_OK}, /* a clock that is ahead */
        {NOW + 61, NOW + 3600, AG_E_UNAUTHENTICATED},
    };
    for (size_t i = 0; i < AG_COUNT(cases); i++) {
        struct ag_jwt_claims in = {.session_id = ag_uuid_new(),
                                   .user_id = ag_uuid_new(),
                                   .issued_at_s = cases[i].issued_at_s,
                                   .expires_at_s = cases[i].expires_at_s};
        struct ag_str token;
        assert_int_equal(ag_jwt_sign(key, &in, &arena, &token), AG_OK);
        assert_int_equal(verify(key, token), cases[i].err);
    }
    ag_jwt_key_free(key);
    ag_arena_done(&arena);
}

static void changed_tokens_are_refused(void **state)
{
    (void)state;
    struct ag_arena arena;
    ag_arena_init(&arena);
    struct ag_jwt_key *key = new_key();
    struct ag_str token = token_of(&arena, AG_STR(HEADER), AG_STR("{" GOOD "}"));
    char *text = ag_arena_alloc(&arena, token.len + 8);
    assert_non_null(text);

    /* Every character replaced; the last one also by what decodes to the same bytes. */
    static const char replacements[] = "AB-_.=+/ \n\t9z";
    for (size_t i = 0; i < token.len; i++) {
        for (size_t r = 0; r < sizeof(replacements); r++) { /* the final NUL too */
            if (token.data[i] == replacements[r]) continue;
            memcpy(text, token.data, token.len);
            text[i] = replacements[r];
            assert_int_equal(verify(key, ag_str_n(text, token.len)), AG_E_UNAUTHENTICATED);
        }
    }
    memcpy(text, token.data, token.len);
    for (int flip = 1; flip < 4; flip++) {
        static const char alphabet[] =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        size_t last = (size_t)(strchr(alphabet, token.data[token.len - 1]) - alphabet);
        text[token.len - 1] = alphabet[last ^ (size_t)flip];
        assert_int_equal(verify(key, ag_str_n(text, token.len)), AG_E_UNAUTHENTICATED);
    }

    /* Every truncation at both ends, and additions. */
    for (size_t n = 0; n < token.len; n++) {
        assert_int_equal(verify(key, ag_str_n(token.data, n)), AG_E_UNAUTHENTICATED);
        assert_int_equal(verify(key, ag_str_sub(token, token.len - n, n)), AG_E_UNAUTHENTICATED);
    }
    static const char *const additions[] = {"=", " ", "\n", ".", "A", ".A"};
    for (size_t i = 0; i < AG_COUNT(additions); i++) {
        struct ag_str longer = ag_arena_printf(&arena, "%.*s%s", AG_STR_ARG(token), additions[i]);
        assert_int_equal(verify(key, longer), AG_E_UNAUTHENTICATED);
        longer = ag_arena_printf(&arena, "%s%.*s", additions[i], AG_STR_ARG(token));
        assert_int_equal(verify(key, longer), AG_E_UNAUTHENTICATED);
    }
    assert_int_equal(verify(key, token), AG_OK);
    ag_jwt_key_free(key);
    ag_arena_done(&arena);
}

/* Payloads spelled in other base64, signed as they stand: only the canonical spelling passes. */
static void payload_encoding_is_strict(void **state)
{
    (void)state;
    struct ag_arena arena;
    ag_arena_init(&arena);
    struct ag_jwt_key *key = new_key();
    struct ag_str head = base64url(&arena, HEADER, sizeof(HEADER) - 1);
    /* A length that leaves four unused bits in the last character. */
    struct ag_str payload = AG_STR("{" GOOD "}");
    while (payload.len % 3 != 1)
        payload = ag_arena_printf(&arena, "%.*s ", AG_STR_ARG(payload));
    struct ag_str body = base64url(&arena, payload.data, payload.len);
    struct ag_str text = ag_arena_printf(&arena, "%.*s.%.*s", AG_STR_ARG(head), AG_STR_ARG(body));
    assert_int_equal(verify(key, sign(&arena, text)), AG_OK);

    static const char *const suffixes[] = {"=", "==", "\n", " ", ".", "A"};
    for (size_t i = 0; i < AG_COUNT(suffixes); i++) {
        struct ag_str other = ag_arena_printf(&arena, "%.*s%s", AG_STR_ARG(text), suffixes[i]);
        assert_int_equal(verify(key, sign(&arena, other)), AG_E_UNAUTHENTICATED);
    }
    char *bits = ag_arena_cstr(&arena, text);
    assert_non_null(bits);
    bits[text.len - 1]++; /* the lowest unused bit set */
    assert_int_equal(verify(key, sign(&arena, ag_str_n(bits, text.len))), AG_E_UNAUTHENTICATED);

    /* A payload that fills the whole allowance, and one beyond it. */
    char spaces[AG_JWT_MAX_BYTES];
    memset(spaces, ' ', sizeof(spaces));
    for (int n = 0; n < 300; n++) {
        struct ag_str wide = ag_arena_printf(&arena, "{%.*s" GOOD "}", n, spaces);
        struct ag_str token = token_of(&arena, AG_STR(HEADER), wide);
        assert_int_equal(verify(key, token),
                         token.len <= AG_JWT_MAX_BYTES ? AG_OK : AG_E_UNAUTHENTICATED);
    }
    ag_jwt_key_free(key);
    ag_arena_done(&arena);
}

static void another_key_refuses_the_token(void **state)
{
    (void)state;
    struct ag_arena arena;
    ag_arena_init(&arena);
    struct ag_jwt_key *other;
    assert_int_equal(ag_jwt_key_new(AG_STR("Zk3v9QmT4xWc7sLr2yHd8pNb5gJf6aUf"), &other), AG_OK);
    struct ag_str token = token_of(&arena, AG_STR(HEADER), AG_STR("{" GOOD "}"));
    assert_int_equal(verify(other, token), AG_E_UNAUTHENTICATED);
    ag_jwt_key_free(other);
    ag_jwt_key_free(NULL);
    ag_arena_done(&arena);
}

static void weak_signing_secrets_are_refused(void **state)
{
    (void)state;
    static const struct ag_str refused[] = {
        AG_STR(""),
        AG_STR("secret"),
        AG_STR("changeme"),
        AG_STR("your-256-bit-secret"),
        AG_STR("Zk3v9QmT4xWc7sLr2yHd8pNb5gJf6aU"), /* 31 bytes */
        AG_STR("a-string-secret-at-least-256-bits-long"),
        AG_STR("your-super-secret-jwt-token-with-at-least-32-characters-long"),
        AG_STR("Change_Me_Change_Me_Change_Me_ok?"),
        AG_STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        AG_STR("0123456789abcdef0123456789abcdef"),
        AG_STR("secretsecretsecretsecretsecretsec"),
        AG_STR("please-REPLACE-me-before-you-go-live"),
    };
    for (size_t i = 0; i < AG_COUNT(refused); i++) {
        struct ag_jwt_key *key = NULL;
        if (ag_jwt_key_new(refused[i], &key) != AG_E_CONFIG)
            fail_msg("accepted: %.*s", AG_STR_ARG(refused[i]));
        assert_null(key);
        /* The refusal does not show the secret. */
        if (refused[i].len > 8) assert_null(strstr(ag_diag_text(AG_E_CONFIG), refused[i].data));
    }
}

static void random_signing_secrets_are_accepted(void **state)
{
    (void)state;
    struct ag_arena arena;
    ag_arena_init(&arena);
    for (int i = 0; i < 200; i++) {
        struct ag_str secret;
        uint8_t hash[AG_SECRET_HASH_BYTES];
        struct ag_jwt_key *key;
        assert_int_equal(ag_secret_new("", &arena, &secret, hash), AG_OK);
        assert_int_equal(ag_jwt_key_new(secret, &key), AG_OK);
        ag_jwt_key_free(key);
    }
    ag_arena_done(&arena);
}

struct verifier {
    const struct ag_jwt_key *key;
    struct ag_str token;
    int accepted;
};

static void *verify_often(void *arg)
{
    struct verifier *v = arg;
    for (int i = 0; i < 200; i++) {
        struct ag_jwt_claims claims;
        if (ag_jwt_verify(v->key, v->token, NOW, &claims) == AG_OK) v->accepted++;
    }
    return NULL;
}

static void threads_share_a_key(void **state)
{
    (void)state;
    struct ag_arena arena;
    ag_arena_init(&arena);
    struct ag_jwt_key *key = new_key();
    struct ag_str token = token_of(&arena, AG_STR(HEADER), AG_STR("{" GOOD "}"));
    pthread_t threads[4];
    struct verifier verifiers[AG_COUNT(threads)];
    for (size_t i = 0; i < AG_COUNT(threads); i++) {
        verifiers[i] = (struct verifier){.key = key, .token = token};
        assert_int_equal(pthread_create(&threads[i], NULL, verify_often, &verifiers[i]), 0);
    }
    for (size_t i = 0; i < AG_COUNT(threads); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(verifiers[i].accepted, 200);
    }
    ag_jwt_key_free(key);
    ag_arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(permissions_have_names_and_roles),
        cmocka_unit_test(nobody_can_be_given_unset_or_public),
        cmocka_unit_test(roles_hold_what_the_table_says),
        cmocka_unit_test(roles_have_names),
        cmocka_unit_test(permissions_are_read_from_lists),
        cmocka_unit_test(principal_may_only_what_it_holds),
        cmocka_unit_test(secrets_are_new_and_found_by_their_hash),
        cmocka_unit_test(secret_hash_is_sha256),
        cmocka_unit_test(api_keys_have_one_form),
        cmocka_unit_test(weak_passwords_are_refused),
        cmocka_unit_test(other_passwords_are_fine),
        cmocka_unit_test(password_length_counts_characters),
        cmocka_unit_test(common_passwords_are_in_order),
        cmocka_unit_test(passwords_hash_and_verify),
        cmocka_unit_test(unknown_accounts_cost_what_known_ones_do),
        cmocka_unit_test(the_gate_refuses_a_crowd),
        cmocka_unit_test(tokens_carry_their_claims),
        cmocka_unit_test(tokens_are_plain_hs256),
        cmocka_unit_test(other_headers_are_refused),
        cmocka_unit_test(other_claims_are_refused),
        cmocka_unit_test(tokens_have_their_time),
        cmocka_unit_test(changed_tokens_are_refused),
        cmocka_unit_test(payload_encoding_is_strict),
        cmocka_unit_test(another_key_refuses_the_token),
        cmocka_unit_test(weak_signing_secrets_are_refused),
        cmocka_unit_test(random_signing_secrets_are_accepted),
        cmocka_unit_test(threads_share_a_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
