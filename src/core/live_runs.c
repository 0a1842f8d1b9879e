#include "core/live_runs.h"

#include "base/fault.h"

enum { TEXT_FIRST_BYTES = 512, ROW_MODELS = 2 };

/* The lock guards all but what never changes: id, org and the run's loop. */
struct ag_live_run {
    struct ag_live_run *next; /* in its bucket; guarded by the registry's lock */
    struct ag_live_runs *runs;
    atomic_uint refs;
    struct ag_uuid org, id;
    struct ag_loop *loop;

    pthread_mutex_t lock;
    struct ag_fiber *fiber; /* NULL once it has ended */
    struct ag_post cancel;
    bool canceling; /* `cancel` was posted, with a reference */
    struct ag_buf text;
    struct ag_run row;
    char *models[ROW_MODELS]; /* the row's model at the beginning and at the end */
    bool ended;
    enum ag_err err;
    char message[AG_DIAG_TEXT_BYTES];
    struct ag_live_watch *watches;
};

/* ---- the registry ---- */

void ag_live_runs_init(struct ag_live_runs *runs)
{
    pthread_mutex_init(&runs->lock, NULL);
    memset(runs->buckets, 0, sizeof(runs->buckets));
}

void ag_live_runs_done(struct ag_live_runs *runs)
{
    for (size_t i = 0; i < AG_LIVE_BUCKETS; i++)
        AG_ASSERT(!runs->buckets[i]);
    pthread_mutex_destroy(&runs->lock);
}

/* The last bytes of a version 7 id are random. */
static struct ag_live_run **bucket_of(struct ag_live_runs *runs, struct ag_uuid id)
{
    return &runs->buckets[(id.bytes[14] << 8 | id.bytes[15]) % AG_LIVE_BUCKETS];
}

struct ag_live_run *ag_live_runs_find(struct ag_live_runs *runs, struct ag_uuid org,
                                      struct ag_uuid id)
{
    pthread_mutex_lock(&runs->lock);
    struct ag_live_run *live = *bucket_of(runs, id);
    while (live && !(ag_uuid_eq(live->id, id) && ag_uuid_eq(live->org, org)))
        live = live->next;
    if (live) ag_live_run_ref(live);
    pthread_mutex_unlock(&runs->lock);
    return live;
}

struct ag_live_run *ag_live_run_ref(struct ag_live_run *live)
{
    atomic_fetch_add_explicit(&live->refs, 1, memory_order_relaxed);
    return live;
}

struct ag_live_run *ag_live_run_unref(struct ag_live_run *live)
{
    if (!live || atomic_fetch_sub_explicit(&live->refs, 1, memory_order_acq_rel) > 1) return NULL;
    AG_ASSERT(!live->watches);
    ag_buf_done(&live->text);
    for (size_t i = 0; i < ROW_MODELS; i++)
        free(live->models[i]);
    pthread_mutex_destroy(&live->lock);
    free(live);
    return NULL;
}

/* ---- the run's side ---- */

/* Keeps what outlives the run's own memory; the other texts of a row are static. */
static bool take_row(struct ag_live_run *live, const struct ag_run *run, size_t model)
{
    char *name = AG_FAULT(alloc) ? NULL : malloc(run->model.len + 1);
    if (!name) return false;
    memcpy(name, run->model.data, run->model.len);
    free(live->models[model]);
    live->models[model] = name;
    live->row = *run;
    live->row.model = ag_str_n(name, run->model.len);
    live->row.input_text = live->row.output_text = live->row.metadata = (struct ag_str){NULL, 0};
    live->row.error_message = (struct ag_str){NULL, 0};
    return true;
}

enum ag_err ag_live_run_enter(struct ag_live_runs *runs, struct ag_uuid org,
                              const struct ag_run *run, struct ag_live_run **ret_live)
{
    struct ag_live_run *live = AG_FAULT(alloc) ? NULL : calloc(1, sizeof(*live));
    if (!live) return ag_fail(AG_E_NO_MEMORY, "no memory for a run");
    pthread_mutex_init(&live->lock, NULL);
    atomic_init(&live->refs, 1);
    live->runs = runs;
    live->org = org;
    live->id = run->id;
    live->loop = ag_loop_self();
    live->fiber = ag_fiber_self();
    ag_buf_init(&live->text, NULL, AG_RUN_MAX_OUTPUT_BYTES);
    /* Pieces are short and many: begin where doubling from nothing would soon be. */
    if (ag_buf_reserve(&live->text, TEXT_FIRST_BYTES) != AG_OK || !take_row(live, run, 0)) {
        ag_live_run_unref(live);
        return ag_fail(AG_E_NO_MEMORY, "no memory for a run");
    }
    pthread_mutex_lock(&runs->lock);
    struct ag_live_run **bucket = bucket_of(runs, live->id);
    live->next = *bucket;
    *bucket = live;
    pthread_mutex_unlock(&runs->lock);
    *ret_live = live;
    return AG_OK;
}

/* Wakes who waits for this run; with its lock held. */
static void wake_watches(struct ag_live_run *live)
{
    for (struct ag_live_watch *watch = live->watches; watch; watch = watch->next) {
        if (watch->loop == ag_loop_self()) {
            ag_fiber_wake(watch->fiber);
        } else if (!watch->posted) {
            watch->posted = true;
            ag_loop_post(watch->loop, &watch->post);
        }
    }
}

enum ag_err ag_live_run_append(struct ag_live_run *live, struct ag_str text)
{
    pthread_mutex_lock(&live->lock);
    enum ag_err err = ag_buf_append_str(&live->text, text);
    if (live->watches) wake_watches(live);
    pthread_mutex_unlock(&live->lock);
    if (err == AG_E_TOO_LARGE)
        return ag_fail(AG_E_UPSTREAM_TOO_LARGE, "the answer is longer than 8 MiB");
    return err;
}

struct ag_str ag_live_run_text(struct ag_live_run *live)
{
    pthread_mutex_lock(&live->lock);
    struct ag_str text = ag_buf_str(&live->text);
    pthread_mutex_unlock(&live->lock);
    return text;
}

static void leave_registry(struct ag_live_run *live)
{
    pthread_mutex_lock(&live->runs->lock);
    struct ag_live_run **at = bucket_of(live->runs, live->id);
    while (*at != live)
        at = &(*at)->next;
    *at = live->next;
    pthread_mutex_unlock(&live->runs->lock);
}

void ag_live_run_leave(struct ag_live_run *live, const struct ag_run *run, enum ag_err err)
{
    struct ag_str reason = ag_str(err == AG_OK ? "" : ag_diag_text(err));
    pthread_mutex_lock(&live->lock);
    /* Without memory for another name the one of the beginning stays. */
    struct ag_str model = live->row.model;
    if (!take_row(live, run, 1)) {
        live->row = *run;
        live->row.model = model;
        live->row.input_text = live->row.metadata = live->row.error_message = (struct ag_str){0};
    }
    live->row.output_text = ag_buf_str(&live->text);
    live->err = err;
    size_t len = AG_MIN(reason.len, sizeof(live->message) - 1);
    memcpy(live->message, reason.data, len);
    live->message[len] = '\0';
    live->fiber = NULL;
    live->ended = true;
    wake_watches(live);
    pthread_mutex_unlock(&live->lock);
    leave_registry(live);
}

/* ---- everybody's side ---- */

struct ag_run ag_live_run_row(struct ag_live_run *live)
{
    pthread_mutex_lock(&live->lock);
    struct ag_run row = live->row;
    pthread_mutex_unlock(&live->lock);
    return row;
}

enum ag_err ag_live_run_outcome(struct ag_live_run *live, struct ag_str *ret_message)
{
    pthread_mutex_lock(&live->lock);
    AG_ASSERT(live->ended);
    enum ag_err err = live->err;
    pthread_mutex_unlock(&live->lock);
    *ret_message = ag_str(live->message); /* nothing of it changes after the end */
    return err;
}

/* On the run's loop. */
static void on_cancel(struct ag_post *post)
{
    struct ag_live_run *live = AG_CONTAINER_OF(post, struct ag_live_run, cancel);
    pthread_mutex_lock(&live->lock);
    if (live->fiber) ag_fiber_cancel(live->fiber);
    pthread_mutex_unlock(&live->lock);
    ag_live_run_unref(live);
}

void ag_live_run_cancel(struct ag_live_run *live)
{
    pthread_mutex_lock(&live->lock);
    bool post = !live->ended && !live->canceling;
    if (post) {
        live->canceling = true;
        live->cancel.fn = on_cancel;
        ag_live_run_ref(live);
    }
    pthread_mutex_unlock(&live->lock);
    if (post) ag_loop_post(live->loop, &live->cancel);
}

/* ---- following ---- */

/* On the watcher's loop, which runs it before it can end: the watch waits for that. */
static void on_news(struct ag_post *post)
{
    struct ag_live_watch *watch = AG_CONTAINER_OF(post, struct ag_live_watch, post);
    pthread_mutex_lock(&watch->live->lock);
    watch->posted = false;
    pthread_mutex_unlock(&watch->live->lock);
    ag_fiber_wake(watch->fiber);
}

void ag_live_watch_begin(struct ag_live_watch *watch, struct ag_live_run *live, size_t offset)
{
    watch->live = ag_live_run_ref(live);
    watch->loop = ag_loop_self();
    watch->fiber = ag_fiber_self();
    watch->prev = NULL;
    watch->posted = false;
    watch->post = (struct ag_post){.fn = on_news};
    pthread_mutex_lock(&live->lock);
    watch->offset = ag_utf8_floor(ag_buf_str(&live->text), AG_MIN(offset, live->text.len));
    watch->next = live->watches;
    if (watch->next) watch->next->prev = watch;
    live->watches = watch;
    pthread_mutex_unlock(&live->lock);
}

/* Copies the next piece; with the lock held. */
static size_t take_piece(struct ag_live_watch *watch)
{
    struct ag_str text = ag_buf_str(&watch->live->text);
    size_t end = AG_MIN(watch->offset + AG_LIVE_PIECE_BYTES, text.len);
    size_t n = ag_utf8_floor(text, end) - watch->offset;
    if (n > 0) memcpy(watch->piece, text.data + watch->offset, n);
    watch->offset += n;
    return n;
}

enum ag_err ag_live_watch_next(struct ag_live_watch *watch, ag_deadline_ms deadline,
                               struct ag_str *ret_text)
{
    for (;;) {
        pthread_mutex_lock(&watch->live->lock);
        size_t n = take_piece(watch);
        bool ended = watch->live->ended;
        pthread_mutex_unlock(&watch->live->lock);
        if (n > 0 || ended) {
            *ret_text = ag_str_n(watch->piece, n);
            return AG_OK;
        }
        AG_TRY(ag_fiber_park(deadline));
    }
}

bool ag_live_watch_ready(struct ag_live_watch *watch)
{
    pthread_mutex_lock(&watch->live->lock);
    bool ready = watch->live->ended || watch->live->text.len > watch->offset;
    pthread_mutex_unlock(&watch->live->lock);
    return ready;
}

static bool is_posted(struct ag_live_watch *watch)
{
    pthread_mutex_lock(&watch->live->lock);
    bool posted = watch->posted;
    pthread_mutex_unlock(&watch->live->lock);
    return posted;
}

void ag_live_watch_end(struct ag_live_watch *watch)
{
    struct ag_live_run *live = watch->live;
    pthread_mutex_lock(&live->lock);
    if (watch->prev)
        watch->prev->next = watch->next;
    else
        live->watches = watch->next;
    if (watch->next) watch->next->prev = watch->prev;
    pthread_mutex_unlock(&live->lock);
    /* News that is on its way still points here. */
    ag_fiber_shield();
    while (is_posted(watch)) {
        enum ag_err err = ag_fiber_park(AG_NEVER);
        AG_ASSERT(err == AG_OK);
    }
    ag_fiber_unshield();
    ag_live_run_unref(watch->live);
}

enum ag_err ag_live_run_wait(struct ag_live_run *live, ag_deadline_ms deadline)
{
    struct ag_live_watch watch;
    struct ag_str text;
    enum ag_err err;
    ag_live_watch_begin(&watch, live, SIZE_MAX);
    do {
        err = ag_live_watch_next(&watch, deadline, &text);
    } while (err == AG_OK && text.len > 0);
    ag_live_watch_end(&watch);
    return err;
}
