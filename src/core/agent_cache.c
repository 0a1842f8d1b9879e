#include "core/internal.h"

/*
 * Agents as runs need them: the row and its decoded configuration, per loop. An entry is taken
 * while it is younger than AG_ACCESS_TTL_MS and no agent was changed by this process since, so a
 * change made here is in force at once and one made by another instance within that time. Two-way,
 * so that two busy agents of one slot do not chase each other out.
 */
enum { SETS = 128, WAYS = 2 };

struct ag_cached_agent {
    unsigned refs; /* the cache's and one per run that uses it; this loop's alone */
    struct ag_uuid org_id;
    int64_t loaded_ms;
    uint64_t epoch;
    struct ag_arena arena;
    struct ag_agent agent;
    struct ag_agent_config config;
};

struct ag_agent_cache {
    struct ag_cached_agent *sets[SETS][WAYS];
};

enum ag_err ag_agent_cache_new(struct ag_agent_cache **ret_cache)
{
    struct ag_agent_cache *cache = calloc(1, sizeof(*cache));
    if (!cache) return ag_fail(AG_E_NO_MEMORY, "no memory for the agent cache");
    *ret_cache = cache;
    return AG_OK;
}

void ag_agent_cache_free(struct ag_agent_cache *cache)
{
    if (!cache) return;
    for (int set = 0; set < SETS; set++)
        for (int way = 0; way < WAYS; way++)
            ag_cached_agent_unref(cache->sets[set][way]);
    free(cache);
}

struct ag_cached_agent *ag_cached_agent_unref(struct ag_cached_agent *entry)
{
    if (!entry || --entry->refs > 0) return NULL;
    ag_arena_done(&entry->arena);
    free(entry);
    return NULL;
}

const struct ag_agent *ag_cached_agent(const struct ag_cached_agent *entry)
{
    return &entry->agent;
}

const struct ag_agent_config *ag_cached_agent_config(const struct ag_cached_agent *entry)
{
    return &entry->config;
}

static enum ag_err load(struct ag_core *core, struct ag_uuid org, struct ag_uuid viewer,
                        struct ag_uuid id, struct ag_cached_agent **ret_entry)
{
    struct ag_cached_agent *entry = calloc(1, sizeof(*entry));
    if (!entry) return ag_fail(AG_E_NO_MEMORY, "no memory for an agent");
    entry->refs = 1;
    entry->org_id = org;
    entry->loaded_ms = ag_mono_ms();
    /* Read before the row: a change that comes meanwhile makes this entry old. */
    entry->epoch = atomic_load_explicit(&core->agents_epoch, memory_order_acquire);
    ag_arena_init(&entry->arena);
    enum ag_err err = ag_agents_get_published(core->db, &entry->arena, org, viewer, id,
                                              &entry->agent);
    if (err == AG_OK)
        err = ag_agent_config_decode(entry->agent.config, &entry->arena, &entry->config);
    if (err != AG_OK) {
        ag_cached_agent_unref(entry);
        return err;
    }
    *ret_entry = entry;
    return AG_OK;
}

static bool is_current(struct ag_core *core, const struct ag_cached_agent *entry)
{
    return entry->epoch == atomic_load_explicit(&core->agents_epoch, memory_order_acquire) &&
           ag_mono_ms() - entry->loaded_ms <= AG_ACCESS_TTL_MS;
}

/* Whoever looked first, an entry is there for everybody. */
static bool is_seen(const struct ag_cached_agent *entry, struct ag_uuid viewer)
{
    const struct ag_agent *agent = &entry->agent;
    return !ag_str_eq(agent->visibility, AG_STR("private")) || ag_uuid_eq(agent->user_id, viewer);
}

enum ag_err ag_agent_cache_get(struct ag_core *core, struct ag_uuid org, struct ag_uuid viewer,
                               struct ag_uuid id, struct ag_cached_agent **ret_entry)
{
    struct ag_agent_cache *cache = ag_core_loop(core)->agents;
    /* The last bytes of a version 7 id are random. */
    struct ag_cached_agent **set = cache->sets[(id.bytes[14] << 8 | id.bytes[15]) % SETS];
    for (int way = 0; way < WAYS; way++) {
        struct ag_cached_agent *entry = set[way];
        if (!entry || !ag_uuid_eq(entry->agent.id, id) || !ag_uuid_eq(entry->org_id, org)) continue;
        if (!is_current(core, entry)) break;
        if (!is_seen(entry, viewer)) return ag_fail(AG_E_NOT_FOUND, "there is no such agent");
        entry->refs++;
        *ret_entry = entry;
        return AG_OK;
    }
    struct ag_cached_agent *entry;
    AG_TRY(load(core, org, viewer, id, &entry));
    int victim = set[0] && set[1] && set[1]->loaded_ms < set[0]->loaded_ms ? 1 : 0;
    for (int way = 0; way < WAYS; way++)
        if (!set[way] || ag_uuid_eq(set[way]->agent.id, id)) victim = way;
    ag_cached_agent_unref(set[victim]);
    set[victim] = entry;
    entry->refs++;
    *ret_entry = entry;
    return AG_OK;
}
