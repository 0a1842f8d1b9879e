/* What deleted organisations leave behind. */
#include "core/internal.h"
#include "core/orgs.h"
#include "runtime/fiber.h"
#include "store/accounts.h"

struct purge {
    struct ag_uuid org;
    size_t kind;
    int64_t count;
};

static enum ag_err purge_tx(struct ag_tx *tx, void *arg)
{
    struct purge *purge = arg;
    return ag_orgs_purge(tx, purge->org, purge->kind, &purge->count);
}

static enum ag_err purged_tx(struct ag_tx *tx, void *arg)
{
    return ag_orgs_purged(tx, ((struct purge *)arg)->org, ag_wall_ms());
}

static enum ag_err purge_person_tx(struct ag_tx *tx, void *arg)
{
    struct purge *purge = arg;
    return ag_deletion_purge(tx, purge->org, &purge->count);
}

/* Step by step: nobody waits long behind one. */
static enum ag_err purge_all(struct ag_core *core, struct purge *purge,
                             enum ag_err (*step)(struct ag_tx *tx, void *arg))
{
    do {
        struct ag_arena arena;
        ag_arena_init(&arena);
        enum ag_err err = ag_db_write(core->db, &arena, step, purge);
        ag_arena_done(&arena);
        AG_TRY(err);
        AG_TRY(ag_fiber_sleep(1));
    } while (purge->count > 0);
    return AG_OK;
}

static enum ag_err purge_org(struct ag_core *core, struct ag_uuid org, int64_t deleted_at)
{
    struct purge purge = {.org = org};
    AG_ACT_FOR(org);
    for (purge.kind = 0; purge.kind < ag_purge_kinds; purge.kind++)
        AG_TRY(purge_all(core, &purge, purge_tx));
    AG_TRY(purge_all(core, &purge, purge_person_tx));
    /* What was running when it was deleted may still write its end: look again until that is over.
     */
    if (ag_wall_ms() - deleted_at < core->options.limits.total_timeout_ms + 60000) return AG_OK;
    struct ag_arena arena;
    ag_arena_init(&arena);
    enum ag_err err = ag_db_write(core->db, &arena, purged_tx, &purge);
    ag_arena_done(&arena);
    return err;
}

enum ag_err ag_purge_orgs(struct ag_core *core)
{
    struct ag_uuid org = {{0}};
    for (;;) {
        struct ag_arena arena;
        int64_t deleted_at;
        ag_arena_init(&arena);
        enum ag_err err = ag_orgs_to_purge(core->db, &arena, org, &org, &deleted_at);
        ag_arena_done(&arena);
        if (err == AG_OK) err = purge_org(core, org, deleted_at);
        if (err == AG_E_NOT_FOUND || err == AG_E_CANCELED) return AG_OK;
        AG_TRY(err);
    }
}
