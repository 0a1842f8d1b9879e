#include "base/log.h"
#include "core/internal.h"

/* How often a run looks whether another instance has ended it. */
enum { ROW_LOOK_MS = 2000 };

/* A run in progress. */
struct life {
    struct ag_scope *scope;
    const struct ag_run_plan *plan;
    struct ag_run *run;
    struct ag_llm_stream *stream;
    struct ag_live_run *live;     /* once it is announced: where its text grows */
    struct ag_buf output;         /* of a run that is wanted whole */
    int64_t started_us, first_us; /* monotonic; first_us 0: no token yet */
    int64_t looked_at_ms;         /* when its row was last looked at */
    int64_t retry_after_s;
};

/* ---- the row ---- */

struct put_args {
    struct ag_uuid org;
    const struct ag_run *run;
};

static enum ag_err put_tx(struct ag_tx *tx, void *arg)
{
    struct put_args *args = arg;
    return ag_runs_put(tx, args->org, args->run);
}

static enum ag_err put(struct ag_scope *scope, const struct ag_run *run)
{
    struct put_args args = {scope->who.org_id, run};
    return ag_db_write(scope->core->db, scope->arena, put_tx, &args);
}

/* A row that nobody waits for, with copies of its texts. */
struct late_put {
    struct ag_db_job job;
    struct ag_arena arena;
    struct ag_run run;
    struct put_args args;
};

static void late_done(struct ag_db_job *job, enum ag_err err)
{
    struct late_put *late = AG_CONTAINER_OF(job, struct late_put, job);
    if (err != AG_OK) ag_log_diag(AG_LOG_ERROR, "run not recorded", err);
    ag_arena_done(&late->arena);
    free(late);
}

static enum ag_err put_late(struct ag_scope *scope, const struct ag_run *run)
{
    struct late_put *late = calloc(1, sizeof(*late));
    if (!late) return ag_fail(AG_E_NO_MEMORY, "no memory for a run's row");
    ag_arena_init(&late->arena);
    late->run = *run;
    struct ag_str *texts[] = {&late->run.model, &late->run.error_message, &late->run.metadata,
                              &late->run.input_text, &late->run.output_text};
    bool copied = true;
    for (size_t i = 0; i < AG_COUNT(texts); i++) {
        if (texts[i]->len == 0) continue;
        *texts[i] = ag_arena_copy(&late->arena, *texts[i]);
        copied &= texts[i]->data != NULL;
    }
    late->args = (struct put_args){scope->who.org_id, &late->run};
    late->job = (struct ag_db_job){
        .fn = put_tx, .arg = &late->args, .done = late_done, .arena = &late->arena};
    enum ag_err err = copied ? ag_db_write_start(scope->core->db, &late->job)
                             : ag_fail(AG_E_NO_MEMORY, "no memory for a run's row");
    if (err != AG_OK) {
        ag_arena_done(&late->arena);
        free(late);
    }
    return err;
}

/* ---- reading the answer ---- */

/* What nobody shares stays with whom it was made for: runs of a private agent, and of none. A key
 * of the organisation is no person, so its runs are everybody's. */
static bool is_private(const struct ag_run_plan *plan, const struct ag_principal *who)
{
    if (who->shared_key) return false;
    return plan->agent_private || ag_uuid_is_nil(plan->agent_id);
}

static void begin(struct life *life)
{
    const struct ag_run_plan *plan = life->plan;
    struct ag_scope *scope = life->scope;
    struct ag_run *run = life->run;
    *run = (struct ag_run){
        .id = ag_uuid_is_nil(plan->run_id) ? ag_uuid_new() : plan->run_id,
        .kind = ag_str(plan->kind),
        .status = AG_STR("running"),
        .user_id = scope->who.user_id,
        .key_id = scope->who.key_id,
        .boot_id = scope->core->boot_id,
        .agent_id = plan->agent_id,
        .agent_version = plan->agent_version,
        .conversation_id = plan->conversation_id,
        .metadata = plan->metadata,
        .private = is_private(plan, &scope->who),
        .public = scope->who.is_visitor,
        .created_at = ag_wall_ms(),
    };
    AG_SET(run, AG_RUN_PRIVATE);
    AG_SET(run, AG_RUN_PUBLIC);
    if (!ag_uuid_is_nil(plan->agent_id)) {
        if (ag_uuid_is_nil(run->conversation_id)) run->conversation_id = run->id;
        AG_SET(run, AG_RUN_AGENT_ID);
        AG_SET(run, AG_RUN_AGENT_VERSION);
        AG_SET(run, AG_RUN_CONVERSATION_ID);
    }
    if (plan->metadata.len > 0) AG_SET(run, AG_RUN_METADATA);
    if (plan->keep_texts) {
        run->input_text = plan->request.messages[plan->request.message_count - 1].text;
        AG_SET(run, AG_RUN_INPUT_TEXT);
    }
    life->started_us = ag_mono_us();
    life->retry_after_s = -1;
    ag_buf_init(&life->output, scope->arena, AG_RUN_MAX_OUTPUT_BYTES);
}

static enum ag_err open_stream(struct life *life, const struct ag_model_choice *model)
{
    const struct ag_run_plan *plan = life->plan;
    life->run->provider = ag_str(model->provider->name);
    life->run->model = model->model;
    struct ag_llm_request request = plan->request;
    request.model = model->model;
    request.stream = plan->sink != NULL;
    struct ag_llm_limits limits = life->scope->core->options.limits;
    if (plan->config && plan->config->limits.timeout_s > 0) {
        limits.total_timeout_ms = AG_MIN(limits.total_timeout_ms,
                                         plan->config->limits.timeout_s * 1000);
        limits.first_byte_timeout_ms = AG_MIN(limits.first_byte_timeout_ms,
                                              limits.total_timeout_ms);
    }
    return ag_llm_open(ag_core_loop(life->scope->core)->http, model->provider, model->endpoint,
                       &request, &limits, life->scope->arena, &life->stream);
}

/* The call is on its way by now, so the commit costs the first token nothing. */
static enum ag_err announce(struct life *life)
{
    const struct ag_run_sink *sink = life->plan->sink;
    if (!sink || life->live) return AG_OK;
    AG_TRY(ag_live_run_enter(&life->scope->core->live, life->scope->who.org_id, life->run,
                             &life->live));
    AG_TRY(put(life->scope, life->run));
    life->looked_at_ms = ag_mono_ms();
    return sink->started ? sink->started(sink->arg, life->run) : AG_OK;
}

/* The next look at the row: another instance can end this run only by saying so there. */
static ag_deadline_ms look_at(const struct life *life)
{
    if (!life->live || !ag_db_is_postgres(life->scope->core->db)) return AG_NEVER;
    return life->looked_at_ms + ROW_LOOK_MS;
}

static enum ag_err look_at_row(struct life *life)
{
    struct ag_scope *scope = life->scope;
    struct ag_run_state state;
    enum ag_err err = ag_runs_state(scope->core->db, scope->arena, scope->who.org_id,
                                    ag_viewer(scope), life->run->id, &state);
    life->looked_at_ms = ag_mono_ms();
    if (err == AG_E_CANCELED) return err;
    /* A database that cannot say so now is asked again. */
    if (err != AG_OK || state.running) return AG_OK;
    return ag_fail(AG_E_CANCELED, "the run was cancelled");
}

static void take_usage(struct ag_run *run, const struct ag_llm_usage *usage)
{
    if (usage->input_tokens >= 0) {
        run->input_tokens = usage->input_tokens;
        AG_SET(run, AG_RUN_INPUT_TOKENS);
    }
    if (usage->output_tokens >= 0) {
        run->output_tokens = usage->output_tokens;
        AG_SET(run, AG_RUN_OUTPUT_TOKENS);
    }
}

static enum ag_err take_event(struct life *life, const struct ag_llm_event *event)
{
    take_usage(life->run, &event->usage);
    if (event->finish != AG_FINISH_NONE) {
        life->run->finish_reason = ag_str(ag_finish_name(event->finish));
        AG_SET(life->run, AG_RUN_FINISH_REASON);
    }
    if (event->text.len == 0) return AG_OK;
    if (life->first_us == 0) life->first_us = ag_mono_us();
    const struct ag_run_sink *sink = life->plan->sink;
    if (sink) {
        AG_TRY(ag_live_run_append(life->live, event->text));
        return sink->delta ? sink->delta(sink->arg, event->text) : AG_OK;
    }
    enum ag_err err = ag_buf_append_str(&life->output, event->text);
    if (err == AG_E_TOO_LARGE)
        return ag_fail(AG_E_UPSTREAM_TOO_LARGE, "the answer is longer than 8 MiB");
    return err;
}

/* Nothing came until now. */
static enum ag_err stay_awake(const struct ag_run_sink *sink)
{
    if (!sink->idle_at || ag_mono_ms() < sink->idle_at(sink->arg)) return AG_OK;
    return sink->idle(sink->arg);
}

static enum ag_err read_answer(struct life *life)
{
    const struct ag_run_sink *sink = life->plan->sink;
    AG_TRY(announce(life));
    for (;;) {
        ag_deadline_ms wake = sink && sink->idle_at ? sink->idle_at(sink->arg) : AG_NEVER;
        ag_deadline_ms look = look_at(life);
        struct ag_llm_event event;
        enum ag_err err = ag_llm_next(life->stream, AG_MIN(wake, look), &event);
        if (err == AG_E_CLOSED) return sink && sink->complete ? sink->complete(sink->arg) : AG_OK;
        if (look != AG_NEVER && ag_mono_ms() >= look) AG_TRY(look_at_row(life));
        if (err == AG_E_TIMEOUT && sink) {
            AG_TRY(stay_awake(sink));
            continue;
        }
        AG_TRY(err);
        AG_TRY(take_event(life, &event));
        if (sink && sink->flush && !ag_llm_ready(life->stream)) AG_TRY(sink->flush(sink->arg));
    }
}

/* Whether another model may answer instead: nothing was relayed and the fault is the provider's. */
static bool may_fall_back(const struct life *life, enum ag_err err)
{
    return life->first_us == 0 && err >= AG_E_EGRESS_DENIED && err <= AG_E_UPSTREAM_TOO_LARGE;
}

/* The next fallback that is configured here, if there is one. */
static bool next_fallback(const struct life *life, size_t *next, struct ag_model_choice *model)
{
    const struct ag_agent_config *config = life->plan->config;
    while (config && *next < config->fallback_models.count) {
        const struct ag_str *names = config->fallback_models.items;
        if (ag_model_parse(life->scope->core, names[(*next)++], model) == AG_OK) return true;
    }
    return false;
}

static enum ag_err ask_models(struct life *life)
{
    struct ag_model_choice model = life->plan->model;
    for (size_t next = 0;;) {
        enum ag_err err = open_stream(life, &model);
        if (err == AG_OK) {
            err = read_answer(life);
            life->retry_after_s = ag_llm_retry_after_s(life->stream);
        }
        struct ag_diag diag = *ag_diag();
        ag_llm_close(AG_TAKE(life->stream));
        if (err == AG_OK) return AG_OK;
        if (!may_fall_back(life, err) || !next_fallback(life, &next, &model)) {
            *ag_diag() = diag;
            return err;
        }
    }
}

/* ---- the end ---- */

/* Moves the answer, or what came of it, into the arena. AG_E_NO_MEMORY where there was no error. */
static enum ag_err take_output(struct life *life, enum ag_err err)
{
    struct ag_run *run = life->run;
    run->output_text = ag_buf_str(&life->output);
    if (!life->live) return err;
    run->output_text = ag_arena_copy(life->scope->arena, ag_live_run_text(life->live));
    if (run->output_text.data || err != AG_OK) return err;
    return ag_fail(AG_E_NO_MEMORY, "no memory for the answer");
}

static void finish(struct life *life, enum ag_err err)
{
    struct ag_run *run = life->run;
    int64_t now_us = ag_mono_us();
    run->finished_at = ag_wall_ms();
    run->latency_ms = (now_us - life->started_us) / 1000;
    AG_SET(run, AG_RUN_FINISHED_AT);
    AG_SET(run, AG_RUN_LATENCY);
    if (life->first_us > 0) {
        run->ttft_ms = (life->first_us - life->started_us) / 1000;
        AG_SET(run, AG_RUN_TTFT);
    }
    if (life->plan->keep_texts) AG_SET(run, AG_RUN_OUTPUT_TEXT);

    struct ag_core *core = life->scope->core;
    if (err == AG_OK) {
        run->status = AG_STR("completed");
        atomic_fetch_add_explicit(&core->runs_completed, 1, memory_order_relaxed);
    } else if (err == AG_E_CANCELED || err == AG_E_CLOSED) {
        run->status = AG_STR("cancelled");
        atomic_fetch_add_explicit(&core->runs_cancelled, 1, memory_order_relaxed);
    } else {
        run->status = AG_STR("failed");
        run->error_code = ag_str(ag_err_info(err)->code);
        run->error_message = ag_arena_copy(life->scope->arena, ag_str(ag_diag_text(err)));
        AG_SET(run, AG_RUN_ERROR_CODE);
        if (run->error_message.data) AG_SET(run, AG_RUN_ERROR_MESSAGE);
        atomic_fetch_add_explicit(&core->runs_failed, 1, memory_order_relaxed);
    }
    atomic_fetch_add_explicit(&core->tokens_in, (uint64_t)run->input_tokens, memory_order_relaxed);
    atomic_fetch_add_explicit(&core->tokens_out, (uint64_t)run->output_tokens,
                              memory_order_relaxed);
}

/* How it ended: what the server stopped was not cancelled by anybody. */
static enum ag_err outcome_of(const struct life *life, enum ag_err err)
{
    const bool *stopped = life->plan->stopped;
    if (err == AG_E_CANCELED && stopped && *stopped)
        return ag_fail(AG_E_INTERRUPTED, "The server stopped while this was running");
    return err;
}

/* The outcome is stored whatever it is; what it was is told after that. */
static enum ag_err store(struct life *life, enum ag_err err)
{
    struct ag_diag diag = *ag_diag();
    enum ag_err stored = life->plan->relaxed ? put_late(life->scope, life->run)
                                             : put(life->scope, life->run);
    if (stored != AG_OK) return stored;
    if (err != AG_OK) *ag_diag() = diag;
    return err;
}

enum ag_err ag_run_execute(struct ag_scope *scope, const struct ag_run_plan *plan,
                           struct ag_run *ret_run, int64_t *ret_retry_after_s)
{
    struct life life = {.scope = scope, .plan = plan, .run = ret_run};
    struct ag_core_loop *loop = ag_core_loop(scope->core);
    begin(&life);
    atomic_fetch_add_explicit(&loop->runs_active, 1, memory_order_relaxed);
    enum ag_err err = take_output(&life, outcome_of(&life, ask_models(&life)));
    atomic_fetch_sub_explicit(&loop->runs_active, 1, memory_order_relaxed);
    finish(&life, err);
    *ret_retry_after_s = life.retry_after_s;
    err = store(&life, err);
    if (life.live) {
        ag_live_run_leave(life.live, ret_run, err);
        ag_live_run_unref(life.live);
    }
    return err;
}

enum ag_err ag_generation_from_run(const struct ag_run *run, struct ag_arena *arena,
                                   struct ag_generation *ret_generation)
{
    struct ag_generation generation = {
        .response = run->output_text,
        .run_id = run->id,
        .conversation_id = run->conversation_id,
        .agent_version = run->agent_version,
        .model = ag_arena_printf(arena, "%.*s/%.*s", AG_STR_ARG(run->provider),
                                 AG_STR_ARG(run->model)),
        .cached = run->cached,
        .usage = {.input_tokens = run->input_tokens, .output_tokens = run->output_tokens},
        .latency_ms = run->latency_ms,
        .ttft_ms = ag_doc_has(run, AG_RUN_TTFT) ? run->ttft_ms : run->latency_ms,
        .finish_reason = run->finish_reason,
    };
    if (!generation.model.data) return ag_fail(AG_E_NO_MEMORY, "no memory for an answer");
    if (ag_doc_has(run, AG_RUN_CONVERSATION_ID)) AG_SET(&generation, AG_GENERATION_CONVERSATION);
    if (ag_doc_has(run, AG_RUN_AGENT_VERSION)) AG_SET(&generation, AG_GENERATION_VERSION);
    if (ag_doc_has(run, AG_RUN_FINISH_REASON)) AG_SET(&generation, AG_GENERATION_FINISH);
    *ret_generation = generation;
    return AG_OK;
}
