#include "app/config.h"

#include "app/suggest.h"
#include "auth/oidc.h"
#include "base/address.h"
#include "base/fault.h"
#include "cache/redis.h"
#include "llm/llm.h"
#include "net/egress.h"
#include "net/mailer.h"
#include "net/mime.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_REPORT_BYTES = 64 * 1024 };

void ag_config_report_init(struct ag_config_report *report)
{
    ag_buf_init(&report->problems, NULL, MAX_REPORT_BYTES);
    ag_buf_init(&report->warnings, NULL, MAX_REPORT_BYTES);
}

void ag_config_report_done(struct ag_config_report *report)
{
    ag_buf_done(&report->problems);
    ag_buf_done(&report->warnings);
}

/* Sets an option, or says what is wrong at `where`. Only AG_E_NO_MEMORY ends the reading. */
static enum ag_err apply(struct ag_options *options, const struct ag_option *option,
                         struct ag_str value, enum ag_option_source source, const char *where,
                         struct ag_config_report *report)
{
    /* Set to nothing is not set, as usual for the environment. */
    if (value.len == 0) value = ag_str(option->def);
    enum ag_err err = ag_option_set(options, option, value, source);
    if (err != AG_E_CONFIG) return err;
    ag_buf_printf(&report->problems, "%s: %s\n", where, ag_diag_text(err));
    return AG_OK;
}

/* ---- the file ---- */

/* The file's text, in the arena. */
static enum ag_err read_file(const char *path, struct ag_arena *arena, struct ag_str *ret_text)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return ag_fail(AG_E_CONFIG, "%s: %s", path, strerror(errno));
    char *text = ag_arena_alloc(arena, AG_CONFIG_MAX_FILE_BYTES + 1);
    size_t len = 0;
    ssize_t n = 0;
    while (text && len <= AG_CONFIG_MAX_FILE_BYTES &&
           ((n = read(fd, text + len, AG_CONFIG_MAX_FILE_BYTES + 1 - len)) > 0 ||
            (n < 0 && errno == EINTR)))
        len += n > 0 ? (size_t)n : 0;
    int read_errno = errno;
    close(fd);
    if (!text) return ag_fail(AG_E_NO_MEMORY, "no memory for the configuration file");
    if (n < 0) return ag_fail(AG_E_CONFIG, "%s: %s", path, strerror(read_errno));
    if (len > AG_CONFIG_MAX_FILE_BYTES)
        return ag_fail(AG_E_CONFIG, "%s: is larger than %d bytes", path, AG_CONFIG_MAX_FILE_BYTES);
    *ret_text = ag_str_n(text, len);
    return AG_OK;
}

static void unknown_key(struct ag_str key, const char *where, struct ag_config_report *report)
{
    struct ag_suggestion suggestion;
    char hint[96];
    ag_suggest_begin(&suggestion, key, 0);
    for (size_t i = 0; i < ag_option_count; i++)
        if (!(ag_option_table[i].flags & AG_OPTION_NOT_IN_FILE))
            ag_suggest_consider(&suggestion, ag_option_table[i].key);
    ag_buf_printf(&report->problems, "%s: there is no option \"%.*s\"%s\n", where, AG_STR_ARG(key),
                  ag_suggest_end(&suggestion, hint));
}

/* One line of the file; `seen` holds the line each option was set at. */
static enum ag_err read_line(struct ag_str line, int number, struct ag_options *options,
                             int seen[AG_OPTION_MAX_COUNT], struct ag_config_report *report)
{
    char where[320];
    int at = snprintf(where, sizeof(where), "%.200s:%d", options->config.data, number);
    line = ag_str_trim(line);
    if (line.len == 0 || line.data[0] == '#') return AG_OK;
    ptrdiff_t equals = ag_str_find_char(line, '=');
    if (equals < 0) {
        ag_buf_printf(&report->problems, "%s: the line is not `key = value`\n", where);
        return AG_OK;
    }
    struct ag_str key = ag_str_trim(ag_str_sub(line, 0, (size_t)equals));
    struct ag_str value = ag_str_trim(ag_str_sub(line, (size_t)equals + 1, line.len));
    const struct ag_option *option = ag_option_by_key(key);
    if (!option) {
        unknown_key(key, where, report);
        return AG_OK;
    }
    int *first = &seen[option - ag_option_table];
    if (*first > 0) {
        ag_buf_printf(&report->problems, "%s: %s was set in line %d already\n", where, option->key,
                      *first);
        return AG_OK;
    }
    *first = number;
    snprintf(where + at, sizeof(where) - (size_t)at, ": %s", option->key);
    return apply(options, option, value, AG_FROM_FILE, where, report);
}

/* A file with secrets that others can read deserves a word. */
static void check_privacy(const struct ag_options *options, struct ag_config_report *report)
{
    struct stat st;
    if (stat(options->config.data, &st) != 0 || !(st.st_mode & (S_IRWXG | S_IRWXO))) return;
    for (size_t i = 0; i < ag_option_count; i++) {
        const struct ag_option *row = &ag_option_table[i];
        if (row->type != AG_OPT_SECRET || ag_option_source(options, row) != AG_FROM_FILE) continue;
        ag_buf_printf(&report->warnings, "%s holds %s and other users can read it: chmod 600 %s\n",
                      options->config.data, row->key, options->config.data);
        return;
    }
}

static enum ag_err read_config_file(struct ag_options *options, struct ag_config_report *report)
{
    struct ag_arena arena;
    struct ag_str text;
    ag_arena_init(&arena);
    enum ag_err err = read_file(options->config.data, &arena, &text);
    if (err == AG_E_CONFIG) {
        ag_buf_printf(&report->problems, "%s\n", ag_diag_text(err));
        err = AG_OK;
    } else if (err == AG_OK) {
        int seen[AG_OPTION_MAX_COUNT] = {0};
        int number = 0;
        for (struct ag_str rest = text, line; err == AG_OK && ag_str_split(&rest, '\n', &line);) {
            if (ag_str_ends_with(line, AG_STR("\r"))) line.len--;
            err = read_line(line, ++number, options, seen, report);
        }
        check_privacy(options, report);
        explicit_bzero((char *)(uintptr_t)text.data, text.len);
    }
    ag_arena_done(&arena);
    return err;
}

/* ---- environment and flags ---- */

static const char OWN_PREFIX[] = "AGENTGEN_";

static enum ag_err read_env(struct ag_options *options, const char *const *env,
                            struct ag_config_report *report)
{
    for (; env && *env; env++) {
        struct ag_str pair = ag_str(*env);
        ptrdiff_t equals = ag_str_find_char(pair, '=');
        if (equals < 0) continue;
        struct ag_str name = ag_str_sub(pair, 0, (size_t)equals);
        struct ag_str value = ag_str_sub(pair, (size_t)equals + 1, pair.len);
        const struct ag_option *option = ag_option_by_env(name);
        if (option) {
            /* Set to nothing leaves what the file says. */
            if (value.len > 0)
                AG_TRY(apply(options, option, value, AG_FROM_ENV, option->env, report));
        } else if (ag_str_starts_with(name, ag_str(OWN_PREFIX))) {
            struct ag_suggestion suggestion;
            char hint[96];
            ag_suggest_begin(&suggestion, name, strlen(OWN_PREFIX));
            for (size_t i = 0; i < ag_option_count; i++)
                ag_suggest_consider(&suggestion, ag_option_table[i].env);
            ag_buf_printf(&report->warnings, "%.*s in the environment means nothing%s\n",
                          AG_STR_ARG(name), ag_suggest_end(&suggestion, hint));
        }
    }
    return AG_OK;
}

static enum ag_err read_flags(struct ag_options *options, const struct ag_config_source *source,
                              struct ag_config_report *report)
{
    char flag[AG_OPTION_FLAG_BYTES];
    for (size_t i = 0; i < source->flag_count; i++) {
        const struct ag_setting *setting = &source->flags[i];
        AG_TRY(apply(options, setting->option, setting->value, AG_FROM_FLAG,
                     ag_option_flag(setting->option, flag), report));
    }
    return AG_OK;
}

/* The file's name is the one option that must be known before the file is read. */
static enum ag_err find_file(struct ag_options *options, const struct ag_config_source *source)
{
    const struct ag_option *row = &ag_option_table[0];
    AG_ASSERT(strcmp(row->key, "config") == 0);
    for (const char *const *env = source->env; env && *env; env++) {
        struct ag_str pair = ag_str(*env), name = ag_str(row->env);
        if (!ag_str_starts_with(pair, name) || pair.data[name.len] != '=') continue;
        AG_TRY(ag_option_set(options, row, ag_str_sub(pair, name.len + 1, pair.len), AG_FROM_ENV));
    }
    for (size_t i = 0; i < source->flag_count; i++)
        if (source->flags[i].option == row)
            AG_TRY(ag_option_set(options, row, source->flags[i].value, AG_FROM_FLAG));
    return AG_OK;
}

enum ag_err ag_config_load(const struct ag_config_source *source, struct ag_options *ret_options,
                           struct ag_config_report *report)
{
    struct ag_options options;
    AG_TRY(ag_options_init(&options));
    size_t problems = report->problems.len;
    enum ag_err err = find_file(&options, source);
    if (err == AG_E_CONFIG) err = AG_OK; /* told about below */
    if (err == AG_OK && options.config.len > 0) err = read_config_file(&options, report);
    if (err == AG_OK) err = read_env(&options, source->env, report);
    if (err == AG_OK) err = read_flags(&options, source, report);
    if (err == AG_OK && report->problems.len > problems)
        err = ag_fail(AG_E_CONFIG, "the configuration is not usable");
    if (err != AG_OK) {
        ag_options_done(&options);
        return err;
    }
    *ret_options = options;
    return AG_OK;
}

/* ---- values that look right one by one ---- */

static void problem(struct ag_config_report *report, const struct ag_options *options,
                    const void *member, enum ag_err err)
{
    if (err == AG_OK) return;
    const struct ag_option *row = ag_option_table;
    while ((const char *)options + row->offset != (const char *)member)
        row++;
    char flag[AG_OPTION_FLAG_BYTES];
    const char *where = ag_option_source(options, row) == AG_FROM_ENV    ? row->env
                        : ag_option_source(options, row) == AG_FROM_FLAG ? ag_option_flag(row, flag)
                                                                         : row->key;
    ag_buf_printf(&report->problems, "%s: %s\n", where, ag_diag_text(err));
}

static enum ag_err check_secret(struct ag_str secret)
{
    struct ag_jwt_key *key;
    if (secret.len == 0) return AG_OK;
    AG_TRY(ag_jwt_key_new(secret, &key));
    ag_jwt_key_free(key);
    return AG_OK;
}

static enum ag_err check_egress(struct ag_str allow)
{
    struct ag_egress *egress;
    AG_TRY(ag_egress_new(allow, &egress));
    ag_egress_free(egress);
    return AG_OK;
}

static enum ag_err check_proxies(struct ag_str ranges)
{
    struct ag_ranges list;
    return ag_ranges_parse(ranges, &list);
}

static enum ag_err check_redis(struct ag_str url)
{
    struct ag_redis_address address;
    return url.len > 0 ? ag_redis_address_parse(url, &address) : AG_OK;
}

static enum ag_err check_database(struct ag_str url)
{
    static const char *const schemes[] = {"sqlite:", "postgres://", "postgresql://"};
    if (url.len == 0) return AG_OK;
    for (size_t i = 0; i < AG_COUNT(schemes); i++)
        if (ag_str_starts_with(url, ag_str(schemes[i]))) return AG_OK;
    return ag_fail(AG_E_CONFIG, "a database URL begins with sqlite: or postgres://");
}

static enum ag_err check_model(struct ag_str model)
{
    if (model.len == 0) return AG_OK;
    struct ag_str rest = model, provider = model;
    ag_str_split(&rest, '/', &provider);
    if (ag_provider_find(provider)) return AG_OK;
    return ag_fail(AG_E_CONFIG, "there is no provider \"%.*s\"; a model is named as provider/model",
                   AG_STR_ARG(provider));
}

/* The address of the site alone: it stands at the root of its host. */
static enum ag_err check_public_url(struct ag_str url)
{
    if (url.len == 0) return AG_OK;
    if (ag_egress_check_url(url) != AG_OK || ag_str_find_char(url, '?') >= 0)
        return ag_fail(AG_E_CONFIG, "this is not an address such as https://agents.example.com");
    ptrdiff_t host = ag_str_find(url, AG_STR("://")) + 3;
    ptrdiff_t slash = ag_str_find_char(ag_str_sub(url, (size_t)host, url.len), '/');
    if (slash < 0 || (size_t)(host + slash) + 1 == url.len) return AG_OK;
    return ag_fail(AG_E_CONFIG,
                   "the address has a path, and the pages stand at the root of a host");
}

/* A part of what makes an identity provider known: all of them are set, or none. */
static enum ag_err check_part(struct ag_str part, struct ag_str other, const char *other_name)
{
    if (part.len == 0 || other.len > 0) return AG_OK;
    return ag_fail(AG_E_CONFIG,
                   "%s is needed, too: a client of an identity provider has an id and "
                   "a secret",
                   other_name);
}

static enum ag_err check_provider_url(struct ag_str url)
{
    if (url.len == 0) return AG_OK;
    if (ag_str_find_char(url, '?') >= 0)
        return ag_fail(AG_E_CONFIG, "the address of an identity provider has no query");
    return ag_oidc_check_url(url, true);
}

static enum ag_err check_oidc_issuer(const struct ag_options *o)
{
    if (o->oidc_issuer.len == 0) return AG_OK;
    if (o->oidc_client_id.len == 0 || o->oidc_client_secret.len == 0)
        return ag_fail(AG_E_CONFIG, "AGENTGEN_OIDC_CLIENT_ID and AGENTGEN_OIDC_CLIENT_SECRET are "
                                    "needed, too");
    return check_provider_url(o->oidc_issuer);
}

static enum ag_err check_scopes(struct ag_str scopes)
{
    for (struct ag_str rest = scopes, one; ag_str_split(&rest, ' ', &one);)
        if (ag_str_eq(one, AG_STR("openid"))) return AG_OK;
    return ag_fail(AG_E_CONFIG, "openid is not among them");
}

static void check_sign_in(const struct ag_options *o, struct ag_config_report *report)
{
    problem(report, o, &o->google_client_id,
            check_part(o->google_client_id, o->google_client_secret, "GOOGLE_CLIENT_SECRET"));
    problem(report, o, &o->google_client_secret,
            check_part(o->google_client_secret, o->google_client_id, "GOOGLE_CLIENT_ID"));
    problem(report, o, &o->google_issuer, check_provider_url(o->google_issuer));
    problem(report, o, &o->github_client_id,
            check_part(o->github_client_id, o->github_client_secret, "GITHUB_CLIENT_SECRET"));
    problem(report, o, &o->github_client_secret,
            check_part(o->github_client_secret, o->github_client_id, "GITHUB_CLIENT_ID"));
    problem(report, o, &o->github_url, check_provider_url(o->github_url));
    problem(report, o, &o->github_api_url, check_provider_url(o->github_api_url));
    problem(report, o, &o->oidc_issuer, check_oidc_issuer(o));
    problem(report, o, &o->oidc_client_id,
            check_part(o->oidc_client_id, o->oidc_issuer, "AGENTGEN_OIDC_ISSUER"));
    problem(report, o, &o->oidc_client_secret,
            check_part(o->oidc_client_secret, o->oidc_issuer, "AGENTGEN_OIDC_ISSUER"));
    problem(report, o, &o->oidc_scopes, check_scopes(o->oidc_scopes));
}

/* Everything that a mailer is made of; what the egress judge says is asked when it dials. */
static enum ag_err check_smtp(const struct ag_options *o)
{
    struct ag_mailer_options options = {.smtp = {.url = o->smtp_url}, .from = o->mail_from};
    if (o->smtp_url.len == 0) return AG_OK;
    if (o->mail_from.len == 0)
        return ag_fail(AG_E_CONFIG, "AGENTGEN_MAIL_FROM is needed, too: who mails come from");
    AG_TRY(ag_starttls_parse(o->smtp_starttls, &options.smtp.starttls));
    return ag_mailer_check(&options);
}

static enum ag_err check_mail_from(struct ag_str from)
{
    struct ag_str name, address;
    if (from.len == 0 || ag_mime_parse_mailbox(from, &name, &address) == AG_OK) return AG_OK;
    return ag_fail(AG_E_CONFIG, "this is not an address such as `Agents <agents@example.com>`");
}

enum ag_err ag_config_check(const struct ag_options *o, struct ag_config_report *report)
{
    size_t problems = report->problems.len;
    problem(report, o, &o->jwt_secret, check_secret(o->jwt_secret));
    problem(report, o, &o->egress_allow, check_egress(o->egress_allow));
    problem(report, o, &o->database_url, check_database(o->database_url));
    problem(report, o, &o->redis_url, check_redis(o->redis_url));
    problem(report, o, &o->trusted_proxies, check_proxies(o->trusted_proxies));
    problem(report, o, &o->openai_base_url, ag_egress_check_url(o->openai_base_url));
    problem(report, o, &o->anthropic_base_url, ag_egress_check_url(o->anthropic_base_url));
    problem(report, o, &o->default_model, check_model(o->default_model));
    problem(report, o, &o->public_url, check_public_url(o->public_url));
    check_sign_in(o, report);
    problem(report, o, &o->smtp_url, check_smtp(o));
    problem(report, o, &o->mail_from, check_mail_from(o->mail_from));
    problem(report, o, &o->faults, ag_fault_arm(o->faults));
    if (report->problems.len == problems) return AG_OK;
    return ag_fail(AG_E_CONFIG, "the configuration is not usable");
}
