/* Each loop's copy of what administrators set. */
#include "base/log.h"
#include "core/internal.h"
#include "core/limits.h"
#include "runtime/sync.h"

enum { RETRY_MS = 1000 }; /* after a load that failed */

struct entry {
    uint64_t hash;
    int64_t expires_at;
    bool by_hand;
    struct ag_str kind, subject;
};

struct ag_policy {
    struct ag_settings settings;
    struct ag_arena arena; /* of the entries */
    struct entry *entries; /* by hash */
    size_t count;
    int64_t loaded_ms, tried_ms; /* monotonic; 0: never */
    uint64_t epoch;              /* the process's when it was loaded */
    bool loading;
    struct ag_cond changed;
};

static const struct ag_settings defaults = {
    .registration = {"open", 4},
    .free_per_minute = 50,
    .premium_per_minute = 500,
    .address_per_minute = 300,
    .public_per_minute = 60,
    .login_failures_per_account = 5,
    .login_failures_per_address = 30,
    .login_window_s = 900,
    .login_block_s = 900,
};

/* ---- the document ---- */

/* One table says the fields of the whole and of a change of it. */
#define NUMBER(flags, member, min_, max_, doc_)                                                    \
    AG_FIELD(struct ag_settings, member, AG_F_INT, flags, .min = (min_), .max = (max_), .doc = doc_)
#define SETTINGS_FIELDS(flags)                                                                     \
    AG_FIELD(struct ag_settings, registration, AG_F_ENUM, flags, .choices = "open|invited",        \
             .doc = "Who may register: everybody, or who was invited"),                            \
        NUMBER(flags, free_per_minute, 1, AG_PER_MINUTE_MAX,                                       \
               "Requests a minute of each member of an organisation with the free plan"),          \
        NUMBER(flags, premium_per_minute, 1, AG_PER_MINUTE_MAX, "The same with the premium plan"), \
        NUMBER(flags, address_per_minute, 1, AG_PER_MINUTE_MAX,                                    \
               "Requests a minute of an address that come without valid credentials"),             \
        NUMBER(flags, public_per_minute, 1, AG_PER_MINUTE_MAX,                                     \
               "Questions a minute that an address may ask of public agents"),                     \
        NUMBER(flags, login_failures_per_account, 1, 1000,                                         \
               "Failed sign-ins within the window that block an account"),                         \
        NUMBER(flags, login_failures_per_address, 1, 100000,                                       \
               "Failed sign-ins within the window that block an address"),                         \
        NUMBER(flags, login_window_s, 10, 86400, "The window, in seconds"),                        \
        NUMBER(flags, login_block_s, 10, 2592000, "How long a block lasts, in seconds")

static const struct ag_field settings_fields[] = {SETTINGS_FIELDS(AG_FF_REQUIRED)};
AG_SCHEMA(ag_settings_schema, "Settings", struct ag_settings,
          "What an administrator sets for the whole server", settings_fields);
static const struct ag_field settings_input_fields[] = {SETTINGS_FIELDS(0)};
AG_SCHEMA(ag_settings_input_schema, "SettingsInput", struct ag_settings,
          "What changes of the settings", settings_input_fields);

void ag_settings_overlay(struct ag_settings *settings, const struct ag_settings *change)
{
    for (size_t i = 0; i < AG_COUNT(settings_fields); i++) {
        size_t offset = settings_fields[i].offset;
        if (!ag_doc_has(change, i)) continue;
        AG_SET(settings, i);
        if (settings_fields[i].type == AG_F_INT) {
            memcpy((char *)settings + offset, (const char *)change + offset, sizeof(int64_t));
            continue;
        }
        /* A text of the program's own, which outlives every copy. */
        bool invited = ag_str_eq(change->registration, AG_STR("invited"));
        settings->registration = invited ? AG_STR("invited") : AG_STR("open");
    }
}

enum ag_err ag_settings_decode(struct ag_str json, struct ag_arena *arena,
                               struct ag_settings *ret_change)
{
    struct ag_field_errors errors = {.count = 0};
    struct ag_settings change = {.set = 0};
    AG_TRY(ag_fields_decode(&ag_settings_input_schema, json, &change, arena, &errors));
    *ret_change = change;
    return AG_OK;
}

/* ---- loading ---- */

static uint64_t hash_of(struct ag_str kind, struct ag_str subject)
{
    char text[AG_BLOCK_SUBJECT_BYTES + 16];
    size_t kind_len = AG_MIN(kind.len, (size_t)15);
    size_t len = AG_MIN(subject.len, (size_t)AG_BLOCK_SUBJECT_BYTES);
    memcpy(text, kind.data, kind_len);
    text[kind_len] = ' ';
    if (len > 0) memcpy(text + kind_len + 1, subject.data, len);
    return ag_str_hash(ag_str_n(text, kind_len + 1 + len));
}

static int by_hash(const void *a, const void *b)
{
    const struct entry *left = a, *right = b;
    return left->hash < right->hash ? -1 : left->hash > right->hash;
}

static const struct entry *find(const struct ag_policy *policy, struct ag_str kind,
                                struct ag_str subject)
{
    const struct entry key = {.hash = hash_of(kind, subject)};
    if (policy->count == 0) return NULL;
    const struct entry *entry = bsearch(&key, policy->entries, policy->count, sizeof(key), by_hash);
    return entry && ag_str_eq(entry->subject, subject) ? entry : NULL;
}

static enum ag_err read_settings(struct ag_core *core, struct ag_arena *arena,
                                 struct ag_settings *ret_settings)
{
    struct ag_str json;
    struct ag_settings change = {.set = 0};
    *ret_settings = defaults;
    enum ag_err err = ag_settings_read(core->db, arena, &json);
    if (err == AG_E_NOT_FOUND) return AG_OK;
    AG_TRY(err);
    err = ag_settings_decode(json, arena, &change);
    if (err == AG_OK) ag_settings_overlay(ret_settings, &change);
    /* Written by hand, or by another version: what is known holds. */
    if (err == AG_E_INVALID || err == AG_E_BAD_JSON) {
        ag_log_diag(AG_LOG_ERROR, "the stored settings cannot be read", err);
        return AG_OK;
    }
    return err;
}

static enum ag_err read_blocks(struct ag_core *core, struct ag_policy *next)
{
    struct ag_list blocks;
    AG_TRY(ag_blocks_in_force(core->db, &next->arena, ag_wall_ms(), &blocks));
    next->entries = AG_ARENA_ARRAY(&next->arena, struct entry, blocks.count);
    if (!next->entries) return ag_fail(AG_E_NO_MEMORY, "no memory for blocks");
    const struct ag_block *block = blocks.items;
    for (size_t i = 0; i < blocks.count; i++, block++)
        next->entries[i] = (struct entry){.hash = hash_of(block->kind, block->subject),
                                          .expires_at = block->expires_at,
                                          .by_hand = block->failures == 0,
                                          .kind = block->kind,
                                          .subject = block->subject};
    next->count = blocks.count;
    qsort(next->entries, next->count, sizeof(*next->entries), by_hash);
    return AG_OK;
}

/* A block that is gone before its time was lifted, maybe by another instance: what had been counted
 * here is forgotten with it. Where there may be more than are read, one may have been left out. */
static void forget_lifted(struct ag_core *core, const struct ag_policy *before,
                          const struct ag_policy *now)
{
    if (now->count == AG_BLOCKS_MAX) return;
    for (size_t i = 0; i < before->count; i++) {
        const struct entry *entry = &before->entries[i];
        if (entry->expires_at > ag_wall_ms() && !find(now, entry->kind, entry->subject))
            ag_attempts_forget(core, &now->settings, entry->kind, entry->subject);
    }
}

static enum ag_err load(struct ag_core *core, struct ag_policy *policy, uint64_t epoch)
{
    struct ag_policy next = {.epoch = epoch};
    ag_arena_init(&next.arena);
    enum ag_err err = read_settings(core, &next.arena, &next.settings);
    if (err == AG_OK) err = read_blocks(core, &next);
    if (err != AG_OK) {
        ag_arena_done(&next.arena);
        return err;
    }
    forget_lifted(core, policy, &next);
    ag_arena_done(&policy->arena);
    policy->settings = next.settings;
    policy->arena = next.arena;
    policy->entries = next.entries;
    policy->count = next.count;
    policy->epoch = epoch;
    policy->loaded_ms = ag_mono_ms();
    return AG_OK;
}

static bool is_fresh(const struct ag_policy *policy, uint64_t epoch)
{
    int64_t now = ag_mono_ms();
    if (policy->epoch == epoch && policy->loaded_ms != 0 &&
        now - policy->loaded_ms < AG_POLICY_TTL_MS)
        return true;
    /* A database that is away is not asked for every request. */
    return policy->tried_ms > policy->loaded_ms && now - policy->tried_ms < RETRY_MS;
}

/* Whoever asks may be on its way to report a failure of its own: its diagnostic stays. */
static void load_now(struct ag_core *core, struct ag_policy *policy, uint64_t epoch)
{
    struct ag_diag diag = *ag_diag();
    policy->loading = true;
    ag_fiber_shield(); /* others wait for it */
    enum ag_err err = load(core, policy, epoch);
    ag_fiber_unshield();
    if (err != AG_OK) {
        policy->tried_ms = ag_mono_ms();
        ag_log_diag(AG_LOG_WARN, "settings not read", err);
    }
    policy->loading = false;
    ag_cond_broadcast(&policy->changed);
    *ag_diag() = diag;
}

static struct ag_policy *current(struct ag_core *core)
{
    struct ag_policy *policy = ag_core_loop(core)->policy;
    for (;;) {
        uint64_t epoch = atomic_load_explicit(&core->policy_epoch, memory_order_acquire);
        if (is_fresh(policy, epoch)) return policy;
        if (policy->loading) {
            if (ag_cond_wait(&policy->changed, AG_NEVER) != AG_OK) return policy;
            continue;
        }
        load_now(core, policy, epoch);
        return policy;
    }
}

/* ---- asking ---- */

struct ag_settings ag_settings(struct ag_core *core)
{
    return current(core)->settings;
}

bool ag_registration_is_open(struct ag_core *core)
{
    return ag_str_eq(ag_settings(core).registration, AG_STR("open"));
}

struct ag_block_verdict ag_blocked(struct ag_core *core, const char *kind, struct ag_str subject)
{
    const struct ag_policy *policy = current(core);
    if (policy->count == 0 || subject.len == 0) return (struct ag_block_verdict){0};
    const struct entry *entry = find(policy, ag_str(kind), subject);
    if (!entry) return (struct ag_block_verdict){0};
    return (struct ag_block_verdict){
        .left_ms = AG_MAX(entry->expires_at - ag_wall_ms(), INT64_C(0)), .by_hand = entry->by_hand};
}

struct ag_block_verdict ag_blocked_address(struct ag_core *core, const struct ag_address *address)
{
    char subject[AG_BLOCK_SUBJECT_BYTES];
    /* Nearly always nobody is blocked, and then nothing is spelt out. */
    if (current(core)->count == 0) return (struct ag_block_verdict){0};
    return ag_blocked(core, "address", ag_address_subject(address, subject));
}

/* ---- life ---- */

void ag_policy_changed(struct ag_core *core)
{
    atomic_fetch_add_explicit(&core->policy_epoch, 1, memory_order_acq_rel);
}

enum ag_err ag_policy_new(struct ag_policy **ret_policy)
{
    struct ag_policy *policy = calloc(1, sizeof(*policy));
    if (!policy) return ag_fail(AG_E_NO_MEMORY, "no memory for the settings");
    policy->settings = defaults;
    ag_arena_init(&policy->arena);
    *ret_policy = policy;
    return AG_OK;
}

void ag_policy_free(struct ag_policy *policy)
{
    if (!policy) return;
    ag_arena_done(&policy->arena);
    free(policy);
}
