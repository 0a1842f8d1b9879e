/*
 * Options: one table of everything an operator can set.
 *
 * A row is a flag, an environment variable and a key of the configuration file at once, with its
 * type, range, default and text. Parsing, `--help`, `agentgen check-config` and docs/config.md are
 * made from the rows; what has no row cannot be set.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"

enum ag_option_type {
    AG_OPT_STRING, /* struct ag_str */
    AG_OPT_URL,    /* struct ag_str; what stands between "//" and "@" is never shown */
    AG_OPT_SECRET, /* struct ag_str; never shown, and not taken from the command line */
    AG_OPT_ENUM,   /* struct ag_str, one of `choices` */
    AG_OPT_INT,    /* int64_t in min..max */
    AG_OPT_SIZE,   /* int64_t bytes in min..max; "500", "64K", "2M", "1G" */
    AG_OPT_BOOL,   /* bool; true, false, yes, no, on, off, 1, 0 */
};

enum {
    AG_OPTION_RELOADABLE = 1,  /* SIGHUP applies a new value of the configuration file */
    AG_OPTION_NOT_IN_FILE = 2, /* flag and environment only */

    AG_OPTION_MAX_COUNT = 80,
    AG_OPTION_MAX_VALUE_BYTES = 4096,
    AG_OPTION_FLAG_BYTES = 64,
};

/* Where a value came from; a later source wins over an earlier one. */
enum ag_option_source { AG_FROM_DEFAULT, AG_FROM_FILE, AG_FROM_ENV, AG_FROM_FLAG };
/* "default", "file", "environment", "flag". */
const char *ag_option_source_name(enum ag_option_source source);

struct ag_option {
    const char *key;   /* "data_dir"; the flag is --data-dir */
    const char *env;   /* "AGENTGEN_DATA_DIR" */
    const char *group; /* heading in the documents; rows of a group stand together */
    enum ag_option_type type;
    unsigned flags;
    size_t offset;       /* in struct ag_options */
    const char *def;     /* default as text; "" for none */
    int64_t min, max;    /* of AG_OPT_INT and AG_OPT_SIZE */
    const char *unit;    /* "ms", "s", "bytes/s", or NULL */
    const char *choices; /* AG_OPT_ENUM: "debug|info" */
    const char *doc;     /* what it does; several sentences at most */
};

/* The effective values. Strings live in the arena and end with NUL. */
struct ag_options {
    struct ag_arena arena;
    enum ag_option_source sources[AG_OPTION_MAX_COUNT]; /* by row */

    struct ag_str config;
    struct ag_str host;
    int64_t port;
    struct ag_str data_dir, database_url, redis_url;
    int64_t loops; /* 0: one per core */
    int64_t max_connections;
    struct ag_str public_url, trusted_proxies;

    struct ag_str jwt_secret;
    int64_t token_ttl_s, refresh_ttl_s;

    struct ag_str google_client_id, google_client_secret, google_issuer;
    struct ag_str github_client_id, github_client_secret, github_url, github_api_url;
    struct ag_str oidc_issuer, oidc_client_id, oidc_client_secret, oidc_name, oidc_scopes;

    struct ag_str smtp_url, smtp_starttls, mail_from;

    struct ag_str openai_api_key, openai_base_url;
    struct ag_str anthropic_api_key, anthropic_base_url;
    struct ag_str default_model, egress_allow;
    int64_t upstream_connect_timeout_ms, upstream_first_byte_timeout_ms;
    int64_t upstream_idle_timeout_ms, upstream_total_timeout_ms, upstream_retries;

    bool rate_limits;
    int64_t header_timeout_ms, idle_timeout_ms, write_timeout_ms;
    int64_t body_min_rate; /* bytes per second */
    int64_t sse_heartbeat_ms, drain_timeout_ms;

    struct ag_str log_level;
    bool access_log;
    struct ag_str metrics_token, web_dir, faults;
};

extern const struct ag_option ag_option_table[];
extern const size_t ag_option_count;

/* The row with this configuration key, environment name or flag (with its two dashes), or NULL. */
const struct ag_option *ag_option_by_key(struct ag_str key);
const struct ag_option *ag_option_by_env(struct ag_str env);
const struct ag_option *ag_option_by_flag(struct ag_str flag);
/* "--data-dir" into `out`; returns it. */
const char *ag_option_flag(const struct ag_option *option, char out[AG_OPTION_FLAG_BYTES]);

/* Every option at its default. AG_E_NO_MEMORY. */
enum ag_err ag_options_init(struct ag_options *options) AG_MUST_USE;
/* Wipes the secrets and frees. */
void ag_options_done(struct ag_options *options);
/* Reads `text` as the value of `option`. AG_E_CONFIG: the diagnostic says what is wrong with the
 * value, without naming the option, and never shows a secret. AG_E_NO_MEMORY. */
enum ag_err ag_option_set(struct ag_options *options, const struct ag_option *option,
                          struct ag_str text, enum ag_option_source source) AG_MUST_USE;
/* Where the value in force came from. */
enum ag_option_source ag_option_source(const struct ag_options *options,
                                       const struct ag_option *option);
/* Whether two sets have the same value. */
bool ag_option_equal(const struct ag_option *option, const struct ag_options *a,
                     const struct ag_options *b);
/* Takes over the value of `from`. AG_E_NO_MEMORY. */
enum ag_err ag_option_copy(struct ag_options *to, const struct ag_option *option,
                           const struct ag_options *from) AG_MUST_USE;
/* Appends the value in force as text; secrets as "********". */
enum ag_err ag_option_show(const struct ag_options *options, const struct ag_option *option,
                           struct ag_buf *out);
/* Appends type and range in words: "0..65535", "true or false", "milliseconds, 1..600000". */
enum ag_err ag_option_range(const struct ag_option *option, struct ag_buf *out);

/* The database in use: the one that was set, or SQLite in the data folder. In `arena`. */
enum ag_err ag_options_database(const struct ag_options *options, struct ag_arena *arena,
                                struct ag_str *ret_url) AG_MUST_USE;
