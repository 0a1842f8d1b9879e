/* The dashboard's document. */
#include "core/dashboard.h"

#define COUNT(type, member, text) AG_FIELD(type, member, AG_F_INT, AG_FF_REQUIRED, .doc = (text))
#define MAYBE(type, member, text)                                                                  \
    AG_FIELD(type, member, AG_F_INT, AG_FF_REQUIRED | AG_FF_NULLABLE, .doc = (text))
#define P50 "Half of the completed runs took no longer, milliseconds; within 1.6 %"
#define P95 "95 of 100 completed runs took no longer, milliseconds; within 1.6 %"

static const struct ag_field totals_fields[] = {
    COUNT(struct ag_dashboard_totals, runs, "Runs, those that still run included"),
    COUNT(struct ag_dashboard_totals, completed, "Runs that completed"),
    COUNT(struct ag_dashboard_totals, failed, "Runs that failed"),
    COUNT(struct ag_dashboard_totals, cancelled, "Runs that were cancelled"),
    COUNT(struct ag_dashboard_totals, input_tokens, "Tokens read"),
    COUNT(struct ag_dashboard_totals, output_tokens, "Tokens written"),
    MAYBE(struct ag_dashboard_totals, latency_ms_p50, P50),
    MAYBE(struct ag_dashboard_totals, latency_ms_p95, P95),
    MAYBE(struct ag_dashboard_totals, ttft_ms_p50,
          "Half of the completed runs had their first token by then, milliseconds; within 1.6 %"),
    COUNT(struct ag_dashboard_totals, agents, "Published agents there are now"),
    COUNT(struct ag_dashboard_totals, drafts, "Agents there are now that were never published"),
    COUNT(struct ag_dashboard_totals, prompts, "Prompts there are now"),
};
static AG_SCHEMA(totals_schema, "DashboardTotals", struct ag_dashboard_totals,
                 "The range as a whole", totals_fields);

static const struct ag_field previous_fields[] = {
    COUNT(struct ag_dashboard_previous, runs, "Runs"),
    COUNT(struct ag_dashboard_previous, failed, "Runs that failed"),
    COUNT(struct ag_dashboard_previous, input_tokens, "Tokens read"),
    COUNT(struct ag_dashboard_previous, output_tokens, "Tokens written"),
    MAYBE(struct ag_dashboard_previous, latency_ms_p50, P50),
};
static AG_SCHEMA(previous_schema, "DashboardPrevious", struct ag_dashboard_previous,
                 "The time just before the range, as long as the range is so far", previous_fields);

static const struct ag_field point_fields[] = {
    AG_FIELD(struct ag_dashboard_point, at, AG_F_TIME, AG_FF_REQUIRED, .doc = "Where it begins"),
    COUNT(struct ag_dashboard_point, runs, "Runs that began in it"),
    COUNT(struct ag_dashboard_point, failed, "Those that failed"),
    COUNT(struct ag_dashboard_point, input_tokens, "Tokens read"),
    COUNT(struct ag_dashboard_point, output_tokens, "Tokens written"),
    MAYBE(struct ag_dashboard_point, latency_ms_p50, P50),
    MAYBE(struct ag_dashboard_point, latency_ms_p95, P95),
};
static AG_SCHEMA(point_schema, "DashboardPoint", struct ag_dashboard_point,
                 "An hour or a day (UTC) of the range", point_fields);

static const struct ag_field model_fields[] = {
    AG_FIELD(struct ag_dashboard_model, model, AG_F_STRING, AG_FF_REQUIRED,
             .doc = "As `provider/model`"),
    COUNT(struct ag_dashboard_model, runs, "Its runs"),
    COUNT(struct ag_dashboard_model, failed, "Those that failed"),
    COUNT(struct ag_dashboard_model, input_tokens, "Tokens read"),
    COUNT(struct ag_dashboard_model, output_tokens, "Tokens written"),
    MAYBE(struct ag_dashboard_model, latency_ms_p50, P50),
};
static AG_SCHEMA(model_schema, "DashboardModel", struct ag_dashboard_model, "A model's share",
                 model_fields);

static const struct ag_field agent_fields[] = {
    AG_FIELD(struct ag_dashboard_agent, agent_id, AG_F_UUID, AG_FF_REQUIRED, .doc = "The agent"),
    AG_FIELD(struct ag_dashboard_agent, name, AG_F_STRING, AG_FF_REQUIRED | AG_FF_NULLABLE,
             .doc = "Its name, unless it was deleted"),
    COUNT(struct ag_dashboard_agent, runs, "Its runs"),
    COUNT(struct ag_dashboard_agent, failed, "Those that failed"),
};
static AG_SCHEMA(agent_schema, "DashboardAgent", struct ag_dashboard_agent, "An agent's share",
                 agent_fields);

static const struct ag_field error_fields[] = {
    AG_FIELD(struct ag_dashboard_error, code, AG_F_STRING, AG_FF_REQUIRED,
             .doc = "A `code` of the error reference"),
    COUNT(struct ag_dashboard_error, count, "Runs that failed with it"),
};
static AG_SCHEMA(error_schema, "DashboardError", struct ag_dashboard_error, "A kind of failure",
                 error_fields);

static const struct ag_field setup_fields[] = {
    AG_FIELD(struct ag_dashboard_setup, model_key, AG_F_BOOL, AG_FF_REQUIRED,
             .doc = "Whether the server can reach a real model"),
    AG_FIELD(struct ag_dashboard_setup, model_tested, AG_F_BOOL, AG_FF_REQUIRED,
             .doc = "Whether one has answered among the newest 1,000 runs"),
    AG_FIELD(struct ag_dashboard_setup, agent_created, AG_F_BOOL, AG_FF_REQUIRED,
             .doc = "Whether there is a published agent"),
    AG_FIELD(struct ag_dashboard_setup, agent_called, AG_F_BOOL, AG_FF_REQUIRED,
             .doc = "Whether an agent was ever run"),
};
static AG_SCHEMA(setup_schema, "DashboardSetup", struct ag_dashboard_setup,
                 "The first steps, and which of them are done", setup_fields);

static const struct ag_field dashboard_fields[] = {
    AG_FIELD(struct ag_dashboard, range, AG_F_ENUM, AG_FF_REQUIRED, .choices = "24h|7d|30d|90d",
             .doc = "What was asked for"),
    AG_FIELD(struct ag_dashboard, from, AG_F_TIME, AG_FF_REQUIRED, .doc = "Where it begins"),
    AG_FIELD(struct ag_dashboard, to, AG_F_TIME, AG_FF_REQUIRED, .doc = "Now"),
    AG_FIELD(struct ag_dashboard, bucket, AG_F_ENUM, AG_FF_REQUIRED, .choices = "hour|day",
             .doc = "How long a point of the series is"),
    AG_FIELD(struct ag_dashboard, totals, AG_F_OBJECT, AG_FF_REQUIRED, .sub = &totals_schema,
             .doc = "The range as a whole"),
    AG_FIELD(struct ag_dashboard, previous, AG_F_OBJECT, AG_FF_REQUIRED, .sub = &previous_schema,
             .doc = "The time before it, to compare with"),
    AG_FIELD(struct ag_dashboard, series, AG_F_LIST, AG_FF_REQUIRED, .item = AG_F_OBJECT,
             .sub = &point_schema, .doc = "Every hour or day, oldest first; the last goes on"),
    AG_FIELD(struct ag_dashboard, models, AG_F_LIST, AG_FF_REQUIRED, .item = AG_F_OBJECT,
             .sub = &model_schema, .max = AG_DASHBOARD_TOP, .doc = "The most used, most first"),
    AG_FIELD(struct ag_dashboard, agents, AG_F_LIST, AG_FF_REQUIRED, .item = AG_F_OBJECT,
             .sub = &agent_schema, .max = AG_DASHBOARD_TOP, .doc = "The most used, most first"),
    AG_FIELD(struct ag_dashboard, errors, AG_F_LIST, AG_FF_REQUIRED, .item = AG_F_OBJECT,
             .sub = &error_schema, .max = AG_DASHBOARD_TOP, .doc = "The most frequent, most first"),
    AG_FIELD(struct ag_dashboard, setup, AG_F_OBJECT, AG_FF_REQUIRED, .sub = &setup_schema,
             .doc = "The first steps"),
};
AG_SCHEMA(ag_dashboard_schema, "Dashboard", struct ag_dashboard,
          "What the organisation's runs did over a range of time", dashboard_fields);
