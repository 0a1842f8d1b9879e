#include "app/options.h"

#define ROW(member) .key = #member, .offset = offsetof(struct ag_options, member)

const struct ag_option ag_option_table[] = {
    {ROW(config), .env = "AGENTGEN_CONFIG", .group = "Server", .type = AG_OPT_STRING,
     .flags = AG_OPTION_NOT_IN_FILE, .def = "",
     .doc = "A configuration file: lines of `key = value`, `#` begins a comment line."},
    {ROW(host), .env = "AGENTGEN_HOST", .group = "Server", .type = AG_OPT_STRING,
     .def = "127.0.0.1",
     .doc = "The address to listen on. `0.0.0.0` or `::` lets other machines connect; put a proxy "
            "that speaks TLS in front then."},
    {ROW(port), .env = "PORT", .group = "Server", .type = AG_OPT_INT, .def = "5000", .min = 0,
     .max = 65535, .doc = "The port to listen on; 0 takes any free one."},
    {ROW(loops), .env = "AGENTGEN_LOOPS", .group = "Server", .type = AG_OPT_INT, .def = "0",
     .min = 0, .max = 64, .doc = "Threads that serve requests; 0 makes one for each core."},
    {ROW(max_connections), .env = "AGENTGEN_MAX_CONNECTIONS", .group = "Server", .type = AG_OPT_INT,
     .def = "10000", .min = 1, .max = 1000000,
     .doc = "Connections open at once; more are answered with 503. Each takes a descriptor and "
            "two memory mappings."},
    {ROW(public_url), .env = "AGENTGEN_PUBLIC_URL", .group = "Server", .type = AG_OPT_URL,
     .def = "",
     .doc = "The address that people use, such as `https://agents.example.com`: links in mails and "
            "what identity providers send people back to are made of it. Without it: "
            "`http://localhost` and the port."},

    {ROW(trusted_proxies), .env = "AGENTGEN_TRUSTED_PROXIES", .group = "Server",
     .type = AG_OPT_STRING, .def = "",
     .doc = "The proxies in front, as address ranges separated by commas: `127.0.0.1,10.0.0.0/8`. "
            "What they say in `X-Forwarded-For` counts as the client's address; nobody else is "
            "believed."},

    {ROW(data_dir), .env = "AGENTGEN_DATA_DIR", .group = "Storage", .type = AG_OPT_STRING,
     .def = "./data",
     .doc = "The folder of the SQLite database and of the generated secrets. Made at the first "
            "start, for this user alone."},
    {ROW(database_url), .env = "DATABASE_URL", .group = "Storage", .type = AG_OPT_URL, .def = "",
     .doc = "`postgres://user:password@host/database`, or `sqlite:PATH`. Without it: "
            "`agentgen.db` in the data folder."},
    {ROW(redis_url), .env = "REDIS_URL", .group = "Storage", .type = AG_OPT_URL, .def = "",
     .doc = "`redis://user:password@host:6379/0`: servers that share a database share their limits "
            "through it. Nothing is lost with it; while it is away each server counts by itself."},

    {ROW(jwt_secret), .env = "JWT_SECRET", .group = "Identity", .type = AG_OPT_SECRET, .def = "",
     .doc = "Signs the tokens of the API: 32 random characters or more, the same on every server "
            "that shares a database. Without it one is generated in the data folder."},
    {ROW(token_ttl_s), .env = "AGENTGEN_TOKEN_TTL_S", .group = "Identity", .type = AG_OPT_INT,
     .def = "3600", .min = 1, .max = 31536000, .unit = "s",
     .doc = "How long a token of the API is valid."},
    {ROW(refresh_ttl_s), .env = "AGENTGEN_REFRESH_TTL_S", .group = "Identity", .type = AG_OPT_INT,
     .def = "2592000", .min = 1, .max = 315360000, .unit = "s",
     .doc = "How long a session lasts without being used."},

    {ROW(google_client_id), .env = "GOOGLE_CLIENT_ID", .group = "Sign-in", .type = AG_OPT_STRING,
     .def = "",
     .doc = "Offers signing in with Google, as the OAuth client of this id. Its redirect URI is "
            "`/v1/auth/oauth/google/callback` below the public URL."},
    {ROW(google_client_secret), .env = "GOOGLE_CLIENT_SECRET", .group = "Sign-in",
     .type = AG_OPT_SECRET, .def = "", .doc = "The secret of that client."},
    {ROW(google_issuer), .env = "AGENTGEN_GOOGLE_ISSUER", .group = "Sign-in", .type = AG_OPT_URL,
     .def = "https://accounts.google.com",
     .doc = "The issuer of Google's identities; another one is for tests."},
    {ROW(github_client_id), .env = "GITHUB_CLIENT_ID", .group = "Sign-in", .type = AG_OPT_STRING,
     .def = "",
     .doc = "Offers signing in with GitHub, as the OAuth app of this id. Its callback URL is "
            "`/v1/auth/oauth/github/callback` below the public URL."},
    {ROW(github_client_secret), .env = "GITHUB_CLIENT_SECRET", .group = "Sign-in",
     .type = AG_OPT_SECRET, .def = "", .doc = "The secret of that app."},
    {ROW(github_url), .env = "AGENTGEN_GITHUB_URL", .group = "Sign-in", .type = AG_OPT_URL,
     .def = "https://github.com",
     .doc = "Where people sign in; a GitHub Enterprise server of one's own will do."},
    {ROW(github_api_url), .env = "AGENTGEN_GITHUB_API_URL", .group = "Sign-in", .type = AG_OPT_URL,
     .def = "https://api.github.com",
     .doc = "Where accounts are asked about; of a GitHub Enterprise server "
            "`https://HOST/api/v3`."},
    {ROW(oidc_issuer), .env = "AGENTGEN_OIDC_ISSUER", .group = "Sign-in", .type = AG_OPT_URL,
     .def = "",
     .doc = "Offers signing in with an OpenID Connect provider: its issuer, exactly as its own "
            "discovery document has it. `https`, or `http` on this machine."},
    {ROW(oidc_client_id), .env = "AGENTGEN_OIDC_CLIENT_ID", .group = "Sign-in",
     .type = AG_OPT_STRING, .def = "",
     .doc = "The client's id there. Its redirect URI is `/v1/auth/oauth/oidc/callback` below the "
            "public URL."},
    {ROW(oidc_client_secret), .env = "AGENTGEN_OIDC_CLIENT_SECRET", .group = "Sign-in",
     .type = AG_OPT_SECRET, .def = "", .doc = "The secret of that client."},
    {ROW(oidc_name), .env = "AGENTGEN_OIDC_NAME", .group = "Sign-in", .type = AG_OPT_STRING,
     .def = "single sign-on", .doc = "What the button calls it: \"Continue with ...\"."},
    {ROW(oidc_scopes), .env = "AGENTGEN_OIDC_SCOPES", .group = "Sign-in", .type = AG_OPT_STRING,
     .def = "openid email profile",
     .doc = "What is asked for, separated by spaces; `openid` must be among them."},

    {ROW(smtp_url), .env = "AGENTGEN_SMTP_URL", .group = "Mail", .type = AG_OPT_URL, .def = "",
     .doc = "The server that takes mails: `smtp://user:password@mail.example.com` (port 587, "
            "STARTTLS) or `smtps://...` (port 465). Without it the links that mails would carry "
            "are written into the log, for the operator to pass on."},
    {ROW(smtp_starttls), .env = "AGENTGEN_SMTP_STARTTLS", .group = "Mail", .type = AG_OPT_ENUM,
     .def = "required", .choices = "required|optional|off",
     .doc = "Whether a connection to `smtp://` must become one with TLS. A relay on this machine "
            "often has none: `off`, without a password then."},
    {ROW(mail_from), .env = "AGENTGEN_MAIL_FROM", .group = "Mail", .type = AG_OPT_STRING, .def = "",
     .doc = "Who mails come from: `Agents <agents@example.com>`. Needed with a mail server."},

    {ROW(openai_api_key), .env = "OPENAI_API_KEY", .group = "Models", .type = AG_OPT_SECRET,
     .def = "", .doc = "The key for OpenAI, or for whatever OPENAI_BASE_URL names."},
    {ROW(openai_base_url), .env = "OPENAI_BASE_URL", .group = "Models", .type = AG_OPT_URL,
     .def = "https://api.openai.com/v1",
     .doc = "Where chat completions are asked for; any server that speaks the same interface will "
            "do, also one on this machine."},
    {ROW(anthropic_api_key), .env = "ANTHROPIC_API_KEY", .group = "Models", .type = AG_OPT_SECRET,
     .def = "", .doc = "The key for Anthropic."},
    {ROW(anthropic_base_url), .env = "ANTHROPIC_BASE_URL", .group = "Models", .type = AG_OPT_URL,
     .def = "https://api.anthropic.com", .doc = "Where Anthropic's messages are asked for."},
    {ROW(default_model), .env = "AGENTGEN_DEFAULT_MODEL", .group = "Models", .type = AG_OPT_STRING,
     .def = "",
     .doc = "The model of agents that name none, as `provider/model`. Without it: the first "
            "provider that has a key, else `sandbox/sandbox`."},
    {ROW(egress_allow), .env = "AGENTGEN_EGRESS_ALLOW", .group = "Models", .type = AG_OPT_STRING,
     .def = "",
     .doc = "Private address ranges that may be dialled, separated by commas: "
            "`10.1.0.0/16,::1/128`. The hosts of the base URLs above need no entry."},
    {ROW(upstream_connect_timeout_ms), .env = "AGENTGEN_UPSTREAM_CONNECT_TIMEOUT_MS",
     .group = "Models", .type = AG_OPT_INT, .def = "5000", .min = 1, .max = 600000, .unit = "ms",
     .doc = "Longest wait for a connection to a provider."},
    {ROW(upstream_first_byte_timeout_ms), .env = "AGENTGEN_UPSTREAM_FIRST_BYTE_TIMEOUT_MS",
     .group = "Models", .type = AG_OPT_INT, .def = "60000", .min = 1, .max = 3600000, .unit = "ms",
     .doc = "Longest wait for the first byte of a provider's answer."},
    {ROW(upstream_idle_timeout_ms), .env = "AGENTGEN_UPSTREAM_IDLE_TIMEOUT_MS", .group = "Models",
     .type = AG_OPT_INT, .def = "30000", .min = 1, .max = 3600000, .unit = "ms",
     .doc = "Longest silence within a provider's answer."},
    {ROW(upstream_total_timeout_ms), .env = "AGENTGEN_UPSTREAM_TOTAL_TIMEOUT_MS", .group = "Models",
     .type = AG_OPT_INT, .def = "600000", .min = 1, .max = 86400000, .unit = "ms",
     .doc = "Longest duration of a provider's answer."},
    {ROW(upstream_retries), .env = "AGENTGEN_UPSTREAM_RETRIES", .group = "Models",
     .type = AG_OPT_INT, .def = "2", .min = 0, .max = 5,
     .doc = "How often a call that failed before its first byte is tried again."},

    {ROW(rate_limits), .env = "AGENTGEN_RATE_LIMITS", .group = "Limits", .type = AG_OPT_BOOL,
     .def = "true",
     .doc = "Limit how often requests and sign-ins may come. What the limits are is a setting of "
            "the server that its administrator changes while it runs."},
    {ROW(header_timeout_ms), .env = "AGENTGEN_HEADER_TIMEOUT_MS", .group = "Limits",
     .type = AG_OPT_INT, .def = "10000", .min = 1, .max = 600000, .unit = "ms",
     .doc = "Longest time for the header section of a request."},
    {ROW(idle_timeout_ms), .env = "AGENTGEN_IDLE_TIMEOUT_MS", .group = "Limits", .type = AG_OPT_INT,
     .def = "75000", .min = 1, .max = 3600000, .unit = "ms",
     .doc = "How long a connection is kept between two requests."},
    {ROW(write_timeout_ms), .env = "AGENTGEN_WRITE_TIMEOUT_MS", .group = "Limits",
     .type = AG_OPT_INT, .def = "30000", .min = 1, .max = 600000, .unit = "ms",
     .doc = "How long a client may take nothing of its reply."},
    {ROW(body_min_rate), .env = "AGENTGEN_BODY_MIN_RATE", .group = "Limits", .type = AG_OPT_SIZE,
     .def = "500", .min = 0, .max = 1073741824, .unit = "bytes/s",
     .doc = "The least speed of a request's body after its first seconds."},
    {ROW(sse_heartbeat_ms), .env = "AGENTGEN_SSE_HEARTBEAT_MS", .group = "Limits",
     .type = AG_OPT_INT, .def = "15000", .min = 10, .max = 600000, .unit = "ms",
     .doc = "How often a silent event stream sends a comment, so that proxies keep it open."},
    {ROW(drain_timeout_ms), .env = "AGENTGEN_DRAIN_TIMEOUT_MS", .group = "Limits",
     .type = AG_OPT_INT, .def = "30000", .min = 0, .max = 3600000, .unit = "ms",
     .doc = "How long running requests may take after SIGTERM before they are ended."},

    {ROW(log_level), .env = "AGENTGEN_LOG_LEVEL", .group = "Operation", .type = AG_OPT_ENUM,
     .flags = AG_OPTION_RELOADABLE, .def = "info", .choices = "debug|info|warn|error|off",
     .doc = "The least important lines that are logged."},
    {ROW(access_log), .env = "AGENTGEN_ACCESS_LOG", .group = "Operation", .type = AG_OPT_BOOL,
     .def = "false", .doc = "Log a line for every request."},
    {ROW(metrics_token), .env = "AGENTGEN_METRICS_TOKEN", .group = "Operation",
     .type = AG_OPT_SECRET, .def = "",
     .doc = "What `GET /metrics` wants as bearer token. Without it only this machine may ask."},
    {ROW(web_dir), .env = "AGENTGEN_WEB_DIR", .group = "Operation", .type = AG_OPT_STRING,
     .def = "",
     .doc = "A folder to serve the web pages from, such as `web/out`, while one works on them. "
            "Without it those in the program are served."},
    {ROW(faults), .env = "AGENTGEN_FAULTS", .group = "Operation", .type = AG_OPT_STRING, .def = "",
     .doc = "Faults to inject, `name=count,...`; for tests, in debug builds only."},
};
const size_t ag_option_count = AG_COUNT(ag_option_table);
_Static_assert(AG_COUNT(ag_option_table) <= AG_OPTION_MAX_COUNT, "raise AG_OPTION_MAX_COUNT");

/* ---- finding rows ---- */

const char *ag_option_source_name(enum ag_option_source source)
{
    static const char *const names[] = {"default", "file", "environment", "flag"};
    return names[source];
}

const struct ag_option *ag_option_by_key(struct ag_str key)
{
    for (size_t i = 0; i < ag_option_count; i++) {
        const struct ag_option *row = &ag_option_table[i];
        if (!(row->flags & AG_OPTION_NOT_IN_FILE) && ag_str_eq(key, ag_str(row->key))) return row;
    }
    return NULL;
}

const struct ag_option *ag_option_by_env(struct ag_str env)
{
    for (size_t i = 0; i < ag_option_count; i++)
        if (ag_str_eq(env, ag_str(ag_option_table[i].env))) return &ag_option_table[i];
    return NULL;
}

const struct ag_option *ag_option_by_flag(struct ag_str flag)
{
    char name[AG_OPTION_FLAG_BYTES];
    for (size_t i = 0; i < ag_option_count; i++) {
        const struct ag_option *row = &ag_option_table[i];
        if (ag_str_eq(flag, ag_str(ag_option_flag(row, name)))) return row;
    }
    return NULL;
}

const char *ag_option_flag(const struct ag_option *option, char out[AG_OPTION_FLAG_BYTES])
{
    snprintf(out, AG_OPTION_FLAG_BYTES, "--%s", option->key);
    for (char *c = out; *c; c++)
        if (*c == '_') *c = '-';
    return out;
}

/* ---- values ---- */

static void *value_of(struct ag_options *options, const struct ag_option *option)
{
    return (char *)options + option->offset;
}

static const void *const_value_of(const struct ag_options *options, const struct ag_option *option)
{
    return (const char *)options + option->offset;
}

static bool is_text(const struct ag_option *option)
{
    return option->type <= AG_OPT_ENUM;
}

enum ag_err ag_options_init(struct ag_options *ret_options)
{
    struct ag_options options = {0};
    ag_arena_init(&options.arena);
    for (size_t i = 0; i < ag_option_count; i++) {
        const struct ag_option *row = &ag_option_table[i];
        enum ag_err err = ag_option_set(&options, row, ag_str(row->def), AG_FROM_DEFAULT);
        if (err != AG_OK) {
            ag_arena_done(&options.arena);
            return err;
        }
    }
    *ret_options = options;
    return AG_OK;
}

void ag_options_done(struct ag_options *options)
{
    for (size_t i = 0; i < ag_option_count; i++) {
        const struct ag_option *row = &ag_option_table[i];
        if (row->type != AG_OPT_SECRET && row->type != AG_OPT_URL) continue;
        struct ag_str *text = value_of(options, row);
        if (text->len > 0) explicit_bzero((char *)(uintptr_t)text->data, text->len);
    }
    ag_arena_done(&options->arena);
}

enum { SHOWN_BYTES = 80 }; /* of a wrong value in a message */

static enum ag_err bad_value(struct ag_str text, const char *is_not)
{
    text.len = AG_MIN(text.len, (size_t)SHOWN_BYTES);
    return ag_fail(AG_E_CONFIG, "\"%.*s\" %s", AG_STR_ARG(text), is_not);
}

static enum ag_err check_text(const struct ag_option *option, struct ag_str text)
{
    if (text.len > AG_OPTION_MAX_VALUE_BYTES)
        return ag_fail(AG_E_CONFIG, "the value is longer than %d bytes", AG_OPTION_MAX_VALUE_BYTES);
    if (!ag_utf8_valid(text)) return ag_fail(AG_E_CONFIG, "the value is not text in UTF-8");
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.data[i] < ' ' || text.data[i] == 0x7F)
            return ag_fail(AG_E_CONFIG, "the value holds a control character");
    if (option->type != AG_OPT_ENUM) return AG_OK;
    for (struct ag_str rest = ag_str(option->choices), one; ag_str_split(&rest, '|', &one);)
        if (ag_str_eq(one, text)) return AG_OK;
    char is_not[160];
    size_t len = 0;
    for (struct ag_str rest = ag_str(option->choices), one; ag_str_split(&rest, '|', &one);)
        len += (size_t)snprintf(is_not + len, sizeof(is_not) - len, "%s%.*s",
                                len == 0 ? "is none of " : ", ", AG_STR_ARG(one));
    AG_ASSERT(len < sizeof(is_not));
    return bad_value(text, is_not);
}

/* "64K" to 65536. */
static enum ag_err parse_size(struct ag_str text, int64_t *ret_bytes)
{
    static const char units[] = "KMG";
    int64_t value, factor = 1;
    struct ag_str digits = text;
    const char *unit = text.len > 1 ? memchr(units, text.data[text.len - 1], 3) : NULL;
    if (unit) {
        factor = INT64_C(1) << (10 * (unit - units + 1));
        digits.len--;
    }
    if (ag_str_to_int64(digits, &value) != AG_OK || __builtin_mul_overflow(value, factor, &value))
        return bad_value(text, "is not a size such as 500, 64K or 2M");
    *ret_bytes = value;
    return AG_OK;
}

static enum ag_err parse_number(const struct ag_option *option, struct ag_str text,
                                int64_t *ret_value)
{
    int64_t value;
    if (option->type == AG_OPT_SIZE)
        AG_TRY(parse_size(text, &value));
    else if (ag_str_to_int64(text, &value) != AG_OK)
        return bad_value(text, "is not a whole number");
    if (value < option->min || value > option->max)
        return ag_fail(AG_E_CONFIG, "%.*s is not between %lld and %lld", AG_STR_ARG(text),
                       (long long)option->min, (long long)option->max);
    *ret_value = value;
    return AG_OK;
}

static enum ag_err parse_bool(struct ag_str text, bool *ret_value)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {{"true", true}, {"false", false}, {"yes", true}, {"no", false},
                 {"on", true},   {"off", false},   {"1", true},   {"0", false}};
    for (size_t i = 0; i < AG_COUNT(words); i++) {
        if (!ag_str_eq_nocase(text, ag_str(words[i].word))) continue;
        *ret_value = words[i].value;
        return AG_OK;
    }
    return bad_value(text, "is neither true nor false");
}

enum ag_err ag_option_set(struct ag_options *options, const struct ag_option *option,
                          struct ag_str text, enum ag_option_source source)
{
    void *value = value_of(options, option);
    if (is_text(option)) {
        AG_TRY(check_text(option, text));
        struct ag_str copy = ag_arena_copy(&options->arena, text);
        if (!copy.data) return ag_fail(AG_E_NO_MEMORY, "no memory for the options");
        *(struct ag_str *)value = copy;
    } else if (option->type == AG_OPT_BOOL) {
        AG_TRY(parse_bool(text, value));
    } else {
        AG_TRY(parse_number(option, text, value));
    }
    options->sources[option - ag_option_table] = source;
    return AG_OK;
}

enum ag_option_source ag_option_source(const struct ag_options *options,
                                       const struct ag_option *option)
{
    return options->sources[option - ag_option_table];
}

bool ag_option_equal(const struct ag_option *option, const struct ag_options *a,
                     const struct ag_options *b)
{
    const void *left = const_value_of(a, option), *right = const_value_of(b, option);
    if (is_text(option))
        return ag_str_eq(*(const struct ag_str *)left, *(const struct ag_str *)right);
    if (option->type == AG_OPT_BOOL) return *(const bool *)left == *(const bool *)right;
    return *(const int64_t *)left == *(const int64_t *)right;
}

enum ag_err ag_option_copy(struct ag_options *to, const struct ag_option *option,
                           const struct ag_options *from)
{
    void *value = value_of(to, option);
    const void *other = const_value_of(from, option);
    if (is_text(option)) {
        struct ag_str copy = ag_arena_copy(&to->arena, *(const struct ag_str *)other);
        if (!copy.data) return ag_fail(AG_E_NO_MEMORY, "no memory for the options");
        *(struct ag_str *)value = copy;
    } else if (option->type == AG_OPT_BOOL) {
        *(bool *)value = *(const bool *)other;
    } else {
        *(int64_t *)value = *(const int64_t *)other;
    }
    to->sources[option - ag_option_table] = ag_option_source(from, option);
    return AG_OK;
}

/* ---- showing ---- */

static const char MASK[] = "********";

/* "postgres://ada:secret@host/db" without what may be secret. */
static enum ag_err show_url(struct ag_str url, struct ag_buf *out)
{
    ptrdiff_t slashes = ag_str_find(url, AG_STR("//"));
    if (slashes < 0) return ag_buf_append_str(out, url);
    size_t start = (size_t)slashes + 2, at = 0;
    /* The last '@' of all: a password that was not escaped may hold a '/' or a '?'. */
    for (size_t i = start; i < url.len; i++)
        if (url.data[i] == '@') at = i;
    if (at > 0) {
        ag_buf_append_str(out, ag_str_sub(url, 0, start));
        ag_buf_append_str(out, ag_str(MASK));
        url = ag_str_sub(url, at, url.len);
    }
    /* libpq takes a password from the query as well. */
    ptrdiff_t query = ag_str_find_char(url, '?');
    if (query < 0) return ag_buf_append_str(out, url);
    ag_buf_append_str(out, ag_str_sub(url, 0, (size_t)query + 1));
    return ag_buf_append_str(out, ag_str(MASK));
}

enum ag_err ag_option_show(const struct ag_options *options, const struct ag_option *option,
                           struct ag_buf *out)
{
    const void *value = const_value_of(options, option);
    const struct ag_str *text = value;
    switch (option->type) {
    case AG_OPT_SECRET:
        return text->len > 0 ? ag_buf_append_str(out, ag_str(MASK)) : ag_buf_err(out);
    case AG_OPT_URL:
        return show_url(*text, out);
    case AG_OPT_STRING:
    case AG_OPT_ENUM:
        return ag_buf_append_str(out, *text);
    case AG_OPT_BOOL:
        return ag_buf_append_str(out, *(const bool *)value ? AG_STR("true") : AG_STR("false"));
    case AG_OPT_INT:
    case AG_OPT_SIZE:
        break;
    }
    return ag_buf_append_int(out, *(const int64_t *)value);
}

enum ag_err ag_option_range(const struct ag_option *option, struct ag_buf *out)
{
    switch (option->type) {
    case AG_OPT_STRING:
        return ag_buf_append_lit(out, "text");
    case AG_OPT_URL:
        return ag_buf_append_lit(out, "URL");
    case AG_OPT_SECRET:
        return ag_buf_append_lit(out, "secret");
    case AG_OPT_BOOL:
        return ag_buf_append_lit(out, "true or false");
    case AG_OPT_ENUM:
        for (struct ag_str rest = ag_str(option->choices), one; ag_str_split(&rest, '|', &one);)
            ag_buf_printf(out, "%s%.*s", one.data == option->choices ? "" : ", ", AG_STR_ARG(one));
        return ag_buf_err(out);
    case AG_OPT_INT:
    case AG_OPT_SIZE:
        break;
    }
    ag_buf_printf(out, "%lld..%lld", (long long)option->min, (long long)option->max);
    if (option->unit) ag_buf_printf(out, " %s", option->unit);
    return ag_buf_err(out);
}

enum ag_err ag_options_database(const struct ag_options *options, struct ag_arena *arena,
                                struct ag_str *ret_url)
{
    struct ag_str url = options->database_url.len > 0
                            ? ag_arena_copy(arena, options->database_url)
                            : ag_arena_printf(arena, "sqlite:%.*s/agentgen.db",
                                              AG_STR_ARG(options->data_dir));
    if (!url.data) return ag_fail(AG_E_NO_MEMORY, "no memory for the options");
    *ret_url = url;
    return AG_OK;
}
