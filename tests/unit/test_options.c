/* The option table, the configuration, the command line, the data folder. */
#include "test_help.h"

#include "app/cli.h"
#include "app/commands.h"
#include "app/data_dir.h"
#include "app/suggest.h"
#include "base/log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- a folder for files ---- */

static char folder[64];

static int setup(void **state)
{
    snprintf(folder, sizeof(folder), "/tmp/agopt-XXXXXX");
    ag_log_set_level(AG_LOG_OFF);
    return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
    char command[128];
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    return system(command);
}

static const char *path_of(const char *name)
{
    static char path[2][160];
    static int turn;
    turn = !turn;
    snprintf(path[turn], sizeof(path[turn]), "%s/%s", folder, name);
    return path[turn];
}

static void write_file(const char *name, const char *text, mode_t mode)
{
    int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC, mode);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

/* ---- the table ---- */

static void rows_are_unique_and_named_alike(void **state)
{
    char flag[AG_OPTION_FLAG_BYTES];
    for (size_t i = 0; i < ag_option_count; i++) {
        const struct ag_option *row = &ag_option_table[i];
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(row->key, ag_option_table[j].key);
            assert_string_not_equal(row->env, ag_option_table[j].env);
            assert_int_not_equal(row->offset, ag_option_table[j].offset);
        }
        assert_ptr_equal(ag_option_by_env(ag_str(row->env)), row);
        assert_ptr_equal(ag_option_by_flag(ag_str(ag_option_flag(row, flag))), row);
        assert_ptr_equal(ag_option_by_key(ag_str(row->key)),
                         row->flags & AG_OPTION_NOT_IN_FILE ? NULL : row);
        /* The environment's name is the key in capitals, behind the program's name or not. */
        struct ag_str env = ag_str(row->env), prefix = AG_STR("AGENTGEN_");
        if (ag_str_starts_with(env, prefix)) env = ag_str_sub(env, prefix.len, env.len);
        assert_true(ag_str_eq_nocase(env, ag_str(row->key)));
        assert_true(strlen(row->doc) > 10 && row->doc[strlen(row->doc) - 1] == '.');
        assert_true(row->group && row->def);
        assert_int_equal(row->type == AG_OPT_ENUM, row->choices != NULL);
    }
    assert_null(ag_option_by_flag(AG_STR("--data_dir")));
    assert_null(ag_option_by_env(AG_STR("AGENTGEN_NOTHING")));
}

static void defaults_are_what_the_documents_promise(void **state)
{
    struct ag_options o;
    assert_ok(ag_options_init(&o));
    assert_str(o.host, "127.0.0.1");
    assert_int_equal(o.port, 5000);
    assert_str(o.data_dir, "./data");
    assert_str(o.openai_base_url, "https://api.openai.com/v1");
    assert_int_equal(o.upstream_total_timeout_ms, 600000);
    assert_int_equal(o.body_min_rate, 500);
    assert_str(o.log_level, "info");
    assert_false(o.access_log);
    for (size_t i = 0; i < ag_option_count; i++)
        assert_int_equal(ag_option_source(&o, &ag_option_table[i]), AG_FROM_DEFAULT);

    struct ag_str url;
    assert_ok(ag_options_database(&o, &o.arena, &url));
    assert_str(url, "sqlite:./data/agentgen.db");
    assert_ok(ag_option_set(&o, ag_option_by_key(AG_STR("database_url")),
                            AG_STR("postgres://db/agentgen"), AG_FROM_ENV));
    assert_ok(ag_options_database(&o, &o.arena, &url));
    assert_str(url, "postgres://db/agentgen");
    ag_options_done(&o);
}

static enum ag_err init_and_done(void *arg)
{
    struct ag_options o;
    AG_TRY(ag_options_init(&o));
    ag_options_done(&o);
    return AG_OK;
}

static void options_survive_a_lack_of_memory(void **state)
{
    torture(init_and_done, NULL);
}

/* ---- values ---- */

static struct ag_options values;

static void refused(const char *key, const char *text, const char *message)
{
    const struct ag_option *row = ag_option_by_key(ag_str(key));
    assert_int_equal(ag_option_set(&values, row, ag_str(text), AG_FROM_FLAG), AG_E_CONFIG);
    assert_string_equal(ag_diag_text(AG_E_CONFIG), message);
    assert_int_equal(ag_option_source(&values, row), AG_FROM_DEFAULT);
}

static void taken(const char *key, const char *text)
{
    const struct ag_option *row = ag_option_by_key(ag_str(key));
    assert_ok(ag_option_set(&values, row, ag_str(text), AG_FROM_FLAG));
    assert_int_equal(ag_option_source(&values, row), AG_FROM_FLAG);
}

static void values_are_checked(void **state)
{
    assert_ok(ag_options_init(&values));
    refused("port", "70000", "70000 is not between 0 and 65535");
    refused("port", "-1", "-1 is not between 0 and 65535");
    refused("port", "http", "\"http\" is not a whole number");
    refused("port", "80 ", "\"80 \" is not a whole number");
    refused("port", "99999999999999999999", "\"99999999999999999999\" is not a whole number");
    refused("access_log", "maybe", "\"maybe\" is neither true nor false");
    refused("log_level", "loud", "\"loud\" is none of debug, info, warn, error, off");
    refused("body_min_rate", "5X", "\"5X\" is not a size such as 500, 64K or 2M");
    refused("body_min_rate", "9999999999G", "\"9999999999G\" is not a size such as 500, 64K or 2M");
    refused("body_min_rate", "K", "\"K\" is not a size such as 500, 64K or 2M");
    refused("host", "a\nb", "the value holds a control character");
    refused("host", "\xff", "the value is not text in UTF-8");
    refused("jwt_secret", "s3cr3t\x01", "the value holds a control character");

    taken("port", "0");
    taken("port", "65535");
    assert_int_equal(values.port, 65535);
    taken("body_min_rate", "64K");
    assert_int_equal(values.body_min_rate, 65536);
    taken("body_min_rate", "1G");
    assert_int_equal(values.body_min_rate, 1073741824);
    taken("access_log", "YES");
    assert_true(values.access_log);
    taken("access_log", "0");
    assert_false(values.access_log);
    taken("log_level", "debug");
    ag_options_done(&values);

    char longest[AG_OPTION_MAX_VALUE_BYTES + 2];
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_ok(ag_options_init(&values));
    refused("host", longest, "the value is longer than 4096 bytes");
    longest[sizeof(longest) - 2] = '\0';
    taken("host", longest);
    ag_options_done(&values);
}

static void shown(const char *key, const char *text, const char *expected)
{
    struct ag_buf out;
    ag_buf_init(&out, NULL, 4096);
    taken(key, text);
    assert_ok(ag_option_show(&values, ag_option_by_key(ag_str(key)), &out));
    assert_str(ag_buf_str(&out), expected);
    ag_buf_done(&out);
}

static void secrets_are_never_shown(void **state)
{
    assert_ok(ag_options_init(&values));
    shown("openai_api_key", "sk-123", "********");
    shown("openai_api_key", "", "");
    shown("database_url", "postgres://ada:pw@db/x", "postgres://********@db/x");
    shown("database_url", "postgres://ada:p/w?@db/x", "postgres://********@db/x");
    shown("database_url", "postgres://db/x?user=ada&password=pw", "postgres://db/x?********");
    shown("database_url", "sqlite:/var/lib/x.db", "sqlite:/var/lib/x.db");
    shown("openai_base_url", "https://u:p@h/v1", "https://********@h/v1");
    shown("port", "80", "80");
    shown("access_log", "on", "true");
    shown("data_dir", "/x y", "/x y");
    ag_options_done(&values);
}

static void values_are_compared_and_copied(void **state)
{
    struct ag_options other;
    assert_ok(ag_options_init(&values));
    assert_ok(ag_options_init(&other));
    static const char *const texts[][2] = {
        {"port", "1"}, {"log_level", "warn"}, {"access_log", "true"}, {"host", "::"}};
    for (size_t i = 0; i < AG_COUNT(texts); i++) {
        const struct ag_option *row = ag_option_by_key(ag_str(texts[i][0]));
        assert_true(ag_option_equal(row, &values, &other));
        taken(texts[i][0], texts[i][1]);
        assert_false(ag_option_equal(row, &values, &other));
        assert_ok(ag_option_copy(&other, row, &values));
        assert_true(ag_option_equal(row, &values, &other));
        assert_int_equal(ag_option_source(&other, row), AG_FROM_FLAG);
    }
    ag_options_done(&values);
    assert_str(other.host, "::");
    ag_options_done(&other);
}

/* ---- suggestions ---- */

static void close_words_are_suggested(void **state)
{
    struct ag_suggestion s;
    char hint[96];
    ag_suggest_begin(&s, AG_STR("--prot"), 2);
    ag_suggest_consider(&s, "--host");
    ag_suggest_consider(&s, "--port");
    assert_string_equal(ag_suggest_end(&s, hint), "; did you mean --port?");
    ag_suggest_begin(&s, AG_STR("sevre"), 0);
    ag_suggest_consider(&s, "serve");
    assert_int_equal(s.distance, 1); /* two neighbours were swapped */
    ag_suggest_begin(&s, AG_STR("xyzzy"), 0);
    ag_suggest_consider(&s, "serve");
    assert_string_equal(ag_suggest_end(&s, hint), "");
    ag_suggest_begin(&s, AG_STR(""), 0);
    ag_suggest_consider(&s, "serve");
    assert_null(s.best);
    char longest[200];
    memset(longest, 'x', sizeof(longest));
    ag_suggest_begin(&s, ag_str_n(longest, sizeof(longest)), 0);
    ag_suggest_consider(&s, "serve");
    assert_null(s.best);
}

/* ---- configuration ---- */

static struct ag_config_source source;
static struct ag_config_report report;

static void set_flag(const char *key, const char *value)
{
    char flag[AG_OPTION_FLAG_BYTES];
    for (size_t i = 0; i < ag_option_count; i++) {
        if (strcmp(ag_option_table[i].key, key) != 0) continue;
        ag_option_flag(&ag_option_table[i], flag);
        source.flags[source.flag_count++] = (struct ag_setting){ag_option_by_flag(ag_str(flag)),
                                                                ag_str(value)};
        return;
    }
    fail_msg("no option %s", key);
}

static int config_setup(void **state)
{
    source = (struct ag_config_source){.env = NULL};
    ag_config_report_init(&report);
    return 0;
}

static int config_teardown(void **state)
{
    ag_config_report_done(&report);
    return 0;
}

static void flags_win_over_environment_over_file_over_default(void **state)
{
    write_file("a.conf",
               "# a comment\n\nport = 1\r\nhost=file\nlog_level = warn\n"
               "  drain_timeout_ms =  5  \nopenai_api_key = a#b=c\n",
               0600);
    char file[200];
    snprintf(file, sizeof(file), "AGENTGEN_CONFIG=%s", path_of("a.conf"));
    const char *env[] = {
        file, "PORT=2", "AGENTGEN_HOST=env", "AGENTGEN_LOG_LEVEL=", "HOME=/x", NULL};
    source.env = env;
    set_flag("port", "3");
    struct ag_options o;
    assert_ok(ag_config_load(&source, &o, &report));
    assert_int_equal(o.port, 3);
    assert_str(o.host, "env");
    assert_str(o.log_level, "warn");
    assert_int_equal(o.drain_timeout_ms, 5);
    assert_str(o.openai_api_key, "a#b=c");
    assert_str(o.data_dir, "./data");
    assert_int_equal(ag_option_source(&o, ag_option_by_key(AG_STR("host"))), AG_FROM_ENV);
    assert_int_equal(ag_option_source(&o, ag_option_by_key(AG_STR("log_level"))), AG_FROM_FILE);
    assert_int_equal(report.warnings.len, 0);
    ag_options_done(&o);
}

static void every_mistake_is_reported_with_its_place(void **state)
{
    write_file("b.conf", "prot = 1\nnonsense\nport = x\nport = 2\nconfig = y\n", 0600);
    const char *env[] = {"AGENTGEN_LOOPS=-1", "PORT=99999", NULL};
    source.env = env;
    set_flag("config", path_of("b.conf"));
    set_flag("idle_timeout_ms", "soon");
    struct ag_options o;
    assert_int_equal(ag_config_load(&source, &o, &report), AG_E_CONFIG);
    char expected[2000];
    snprintf(expected, sizeof(expected),
             "%s/b.conf:1: there is no option \"prot\"; did you mean port?\n"
             "%s/b.conf:2: the line is not `key = value`\n"
             "%s/b.conf:3: port: \"x\" is not a whole number\n"
             "%s/b.conf:4: port was set in line 3 already\n"
             "%s/b.conf:5: there is no option \"config\"\n"
             "AGENTGEN_LOOPS: -1 is not between 0 and 64\n"
             "PORT: 99999 is not between 0 and 65535\n"
             "--idle-timeout-ms: \"soon\" is not a whole number\n",
             folder, folder, folder, folder, folder);
    assert_str(ag_buf_str(&report.problems), expected);
}

static void a_file_that_cannot_be_read_is_a_mistake(void **state)
{
    set_flag("config", path_of("none.conf"));
    struct ag_options o;
    assert_int_equal(ag_config_load(&source, &o, &report), AG_E_CONFIG);
    assert_true(ag_str_find(ag_buf_str(&report.problems), AG_STR("No such file")) > 0);

    config_teardown(NULL);
    config_setup(NULL);
    set_flag("config", folder);
    assert_int_equal(ag_config_load(&source, &o, &report), AG_E_CONFIG);

    config_teardown(NULL);
    config_setup(NULL);
    int fd = open(path_of("big.conf"), O_WRONLY | O_CREAT, 0600);
    assert_int_equal(ftruncate(fd, AG_CONFIG_MAX_FILE_BYTES + 1), 0);
    close(fd);
    set_flag("config", path_of("big.conf"));
    assert_int_equal(ag_config_load(&source, &o, &report), AG_E_CONFIG);
    assert_true(ag_str_find(ag_buf_str(&report.problems), AG_STR("is larger than")) > 0);
}

static void unknown_names_in_the_environment_warn(void **state)
{
    const char *env[] = {"AGENTGEN_LOPS=2", "AGENTGENX=1", "AGENTGEN_QQ=1", "novalue", NULL};
    source.env = env;
    struct ag_options o;
    assert_ok(ag_config_load(&source, &o, &report));
    assert_str(ag_buf_str(&report.warnings),
               "AGENTGEN_LOPS in the environment means nothing; did you mean AGENTGEN_LOOPS?\n"
               "AGENTGEN_QQ in the environment means nothing\n");
    ag_options_done(&o);
}

static void readable_secrets_in_the_file_warn(void **state)
{
    write_file("c.conf", "metrics_token = abc\n", 0644);
    set_flag("config", path_of("c.conf"));
    struct ag_options o;
    assert_ok(ag_config_load(&source, &o, &report));
    assert_true(ag_str_find(ag_buf_str(&report.warnings), AG_STR("chmod 600")) > 0);
    ag_options_done(&o);
}

static void wrong_combinations_are_found(void **state)
{
    static const struct {
        const char *key, *value, *part;
    } cases[] = {
        {"egress_allow", "10.0.0.0/33", "--egress-allow: "},
        {"database_url", "mysql://x", "--database-url: a database URL begins with"},
        {"openai_base_url", "ftp://x", "--openai-base-url: "},
        {"anthropic_base_url", "nothing", "--anthropic-base-url: "},
        {"default_model", "nobody/gpt", "--default-model: there is no provider \"nobody\""},
        {"redis_url", "rediss://x", "--redis-url: it asks for TLS"},
        {"redis_url", "localhost:6379", "--redis-url: it does not begin with redis://"},
        {"redis_url", "redis://x/y", "--redis-url: it has no number of a database"},
        {"trusted_proxies", "10.0.0.0/8, proxy", "--trusted-proxies: \"proxy\" is not an address"},
        {"faults", "nothing=1", "--faults: "},
        {"public_url", "agents.example.com", "--public-url: this is not an address"},
        {"public_url", "https://x/?a", "--public-url: this is not an address"},
        {"public_url", "https://x/agents", "--public-url: the address has a path"},
        {"google_client_id", "x", "--google-client-id: GOOGLE_CLIENT_SECRET is needed"},
        {"google_issuer", "http://accounts.google.com", "--google-issuer: this URL must begin"},
        {"github_client_id", "x", "--github-client-id: GITHUB_CLIENT_SECRET is needed"},
        {"github_url", "http://10.0.0.1", "--github-url: this URL must begin with https://"},
        {"github_api_url", "https://x/?y", "--github-api-url: the address of an identity"},
        {"oidc_issuer", "https://x", "--oidc-issuer: AGENTGEN_OIDC_CLIENT_ID and"},
        {"oidc_client_id", "x", "--oidc-client-id: AGENTGEN_OIDC_ISSUER is needed"},
        {"oidc_scopes", "email openidx", "--oidc-scopes: openid is not among them"},
    };
    for (size_t i = 0; i < AG_COUNT(cases); i++) {
        struct ag_options o;
        config_teardown(NULL);
        config_setup(NULL);
        set_flag(cases[i].key, cases[i].value);
        assert_ok(ag_config_load(&source, &o, &report));
        assert_int_equal(ag_config_check(&o, &report), AG_E_CONFIG);
        if (ag_str_find(ag_buf_str(&report.problems), ag_str(cases[i].part)) != 0)
            fail_msg("%s: %.*s", cases[i].key, AG_STR_ARG(ag_buf_str(&report.problems)));
        ag_options_done(&o);
    }
}

static void whole_identity_providers_are_taken(void **state)
{
    const char *env[] = {"GOOGLE_CLIENT_ID=g",
                         "GOOGLE_CLIENT_SECRET=hunter2",
                         "GITHUB_CLIENT_ID=h",
                         "GITHUB_CLIENT_SECRET=hunter2",
                         "AGENTGEN_OIDC_ISSUER=http://127.0.0.1:9/x/",
                         "AGENTGEN_OIDC_CLIENT_ID=o",
                         "AGENTGEN_OIDC_CLIENT_SECRET=hunter2",
                         "AGENTGEN_PUBLIC_URL=https://agents.example.com:8443/",
                         NULL};
    source.env = env;
    struct ag_options o;
    assert_ok(ag_config_load(&source, &o, &report));
    assert_ok(ag_config_check(&o, &report));
    ag_options_done(&o);

    env[0] = "AGENTGEN_OIDC_NAME=Example";
    assert_ok(ag_config_load(&source, &o, &report));
    assert_int_equal(ag_config_check(&o, &report), AG_E_CONFIG);
    assert_str(ag_buf_str(&report.problems),
               "GOOGLE_CLIENT_SECRET: GOOGLE_CLIENT_ID is needed, too: a client of an identity "
               "provider has an id and a secret\n");
    ag_options_done(&o);
}

static void a_weak_secret_is_refused_and_not_shown(void **state)
{
    const char *env[] = {"JWT_SECRET=hunter2", NULL};
    source.env = env;
    struct ag_options o;
    assert_ok(ag_config_load(&source, &o, &report));
    assert_int_equal(ag_config_check(&o, &report), AG_E_CONFIG);
    assert_int_equal(ag_str_find(ag_buf_str(&report.problems), AG_STR("JWT_SECRET: ")), 0);
    assert_int_equal(ag_str_find(ag_buf_str(&report.problems), AG_STR("hunter2")), -1);
    ag_options_done(&o);
}

static enum ag_err load_and_done(void *arg)
{
    struct ag_options o;
    AG_TRY(ag_config_load(&source, &o, &report));
    ag_options_done(&o);
    return AG_OK;
}

static void loading_survives_a_lack_of_memory(void **state)
{
    write_file("d.conf", "port = 1\nhost = x\n", 0600);
    const char *env[] = {"AGENTGEN_LOOPS=1", NULL};
    source.env = env;
    set_flag("config", path_of("d.conf"));
    torture(load_and_done, NULL);
}

/* ---- the command line ---- */

static struct ag_invocation inv;

#define PARSE(...)                                                                                 \
    ({                                                                                             \
        const char *_argv[] = {"agentgen", ##__VA_ARGS__, NULL};                                   \
        ag_cli_parse((int)AG_COUNT(_argv) - 1, _argv, NULL, &inv);                                 \
    })

static void commands_are_understood(void **state)
{
    assert_ok(PARSE());
    assert_string_equal(inv.command->name, "serve");
    assert_ok(PARSE("--port", "1", "serve", "--host=::1", "--access-log"));
    assert_string_equal(inv.command->name, "serve");
    assert_int_equal(inv.source.flag_count, 3);
    assert_string_equal(inv.source.flags[0].option->key, "port");
    assert_str(inv.source.flags[1].value, "::1");
    assert_str(inv.source.flags[2].value, "true");
    assert_ok(PARSE("--access-log=false"));
    assert_str(inv.source.flags[0].value, "false");
    assert_ok(PARSE("user", "create", "--email", "a@b.c", "--admin", "--name=Ada"));
    assert_string_equal(inv.command->name, "user create");
    assert_str(inv.flags[0], "a@b.c");
    assert_str(inv.flags[1], "Ada");
    assert_str(inv.flags[2], "true");
    assert_ok(PARSE("user", "promote", "--", "-a@b.c"));
    assert_str(inv.args[0], "-a@b.c");
    assert_ok(PARSE("routes", "--json"));
    assert_non_null(inv.flags[0].data);
    assert_ok(PARSE("user", "create", "--help"));
    assert_true(inv.help);
    assert_ok(PARSE("-h"));
    assert_true(inv.help && !inv.command);
    assert_ok(PARSE("--version"));
    assert_true(inv.version);
    assert_ok(PARSE("help", "user", "create"));
    assert_int_equal(inv.arg_count, 2);
}

#define WRONG(message, ...)                                                                        \
    do {                                                                                           \
        assert_int_equal(PARSE(__VA_ARGS__), AG_E_INVALID);                                        \
        assert_string_equal(ag_diag_text(AG_E_INVALID), message);                                  \
    } while (0)

static void mistakes_on_the_command_line_say_how_to_mend_them(void **state)
{
    WRONG("there is no command \"sevre\"; did you mean serve?", "sevre");
    WRONG("there is no command \"user\"", "user");
    WRONG("there is no command \"user crate\"; did you mean user create?", "user", "crate");
    WRONG("--prot is not an option; did you mean --port?", "--prot", "1");
    WRONG("--jsn is not an option; did you mean --json?", "routes", "--jsn");
    WRONG("-x is not an option", "-x");
    WRONG("--port wants a value", "--port");
    WRONG("docs wants --dir DIR", "docs");
    WRONG("user create wants --name NAME", "user", "create", "--email", "a@b.c");
    WRONG("user promote wants EMAIL", "user", "promote");
    WRONG("\"x\" is one argument too many", "openapi", "x");
    WRONG("--json takes no value", "routes", "--json=1");
    WRONG("--jwt-secret: every user of this machine can read a command line; set JWT_SECRET or put "
          "jwt_secret into the configuration file",
          "--jwt-secret", "x");
}

static void help_and_documents_name_every_option(void **state)
{
    struct ag_buf help, docs;
    char flag[AG_OPTION_FLAG_BYTES];
    ag_buf_init(&help, NULL, 1 << 20);
    ag_buf_init(&docs, NULL, 1 << 20);
    assert_ok(ag_cli_help(NULL, &help));
    assert_ok(ag_config_markdown(&docs));
    for (size_t i = 0; i < ag_option_count; i++) {
        const struct ag_option *row = &ag_option_table[i];
        assert_true(ag_str_find(ag_buf_str(&help), ag_str(row->env)) >= 0);
        assert_true(ag_str_find(ag_buf_str(&docs), ag_str(row->env)) >= 0);
        assert_true(ag_str_find(ag_buf_str(&docs), ag_str(row->doc)) >= 0);
        ag_option_flag(row, flag);
        assert_int_equal(ag_str_find(ag_buf_str(&help), ag_str(flag)) >= 0,
                         row->type != AG_OPT_SECRET);
    }
    for (struct ag_str rest = ag_buf_str(&help), line; ag_str_split(&rest, '\n', &line);)
        assert_true(line.len <= 80);
    for (const struct ag_command *command = ag_commands; command->name; command++) {
        assert_true(ag_str_find(ag_buf_str(&help), ag_str(command->name)) >= 0);
        ag_buf_clear(&docs);
        assert_ok(ag_cli_help(command, &docs));
        for (size_t i = 0; i < AG_COMMAND_MAX_FLAGS && command->flags[i].name; i++)
            assert_true(ag_str_find(ag_buf_str(&docs), ag_str(command->flags[i].name)) >= 0);
    }
    ag_buf_done(&help);
    ag_buf_done(&docs);
}

/* ---- the data folder ---- */

static void use_data_dir(struct ag_options *o, const char *name)
{
    assert_ok(ag_options_init(o));
    assert_ok(ag_option_set(o, ag_option_by_key(AG_STR("data_dir")), ag_str(path_of(name)),
                            AG_FROM_FLAG));
}

static mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}

static void secrets_are_made_once_and_kept(void **state)
{
    struct ag_options o;
    struct ag_str first, second;
    bool is_new;
    use_data_dir(&o, "deep/er");
    assert_ok(ag_data_dir_make(&o));
    assert_ok(ag_data_dir_make(&o));
    assert_int_equal(mode_of(path_of("deep/er")), 0700);
    assert_ok(ag_secrets_load(&o, &o.arena, &first, &is_new));
    assert_true(is_new);
    assert_int_equal(first.len, 43); /* 32 bytes in base64url */
    assert_int_equal(mode_of(path_of("deep/er/secrets")), 0600);
    assert_ok(ag_secrets_load(&o, &o.arena, &second, &is_new));
    assert_false(is_new);
    assert_true(ag_str_eq(first, second));

    assert_ok(ag_option_set(&o, ag_option_by_key(AG_STR("jwt_secret")), AG_STR("of my own"),
                            AG_FROM_ENV));
    assert_ok(ag_secrets_load(&o, &o.arena, &second, &is_new));
    assert_str(second, "of my own");
    ag_options_done(&o);

    use_data_dir(&o, "other");
    assert_ok(ag_data_dir_make(&o));
    assert_ok(ag_secrets_load(&o, &o.arena, &second, &is_new));
    ag_options_done(&o);
}

static void broken_secrets_are_not_replaced(void **state)
{
    struct ag_options o;
    struct ag_str secret;
    bool is_new;
    use_data_dir(&o, "broken");
    assert_ok(ag_data_dir_make(&o));
    write_file("broken/secrets", "# nothing\n", 0600);
    assert_int_equal(ag_secrets_load(&o, &o.arena, &secret, &is_new), AG_E_CONFIG);
    assert_int_equal(unlink(path_of("broken/secrets")), 0);
    assert_int_equal(symlink("/dev/null", path_of("broken/secrets")), 0);
    assert_int_equal(ag_secrets_load(&o, &o.arena, &secret, &is_new), AG_E_IO);
    ag_options_done(&o);
}

static void a_folder_that_cannot_be_made_says_why(void **state)
{
    struct ag_options o;
    write_file("file", "", 0600);
    use_data_dir(&o, "file/data");
    assert_int_equal(ag_data_dir_make(&o), AG_E_IO);
    assert_non_null(strstr(ag_diag_text(AG_E_IO), "Not a directory"));
    ag_options_done(&o);
}

static void one_server_holds_a_database(void **state)
{
    char url[200];
    int first, second;
    snprintf(url, sizeof(url), "sqlite:%s/x.db", folder);
    assert_ok(ag_database_lock(ag_str(url), &first));
    assert_true(first >= 0);
    assert_int_equal(ag_database_lock(ag_str(url), &second), AG_E_CONFLICT);
    char pid[32];
    snprintf(pid, sizeof(pid), "(process %ld)", (long)getpid());
    assert_non_null(strstr(ag_diag_text(AG_E_CONFLICT), pid));
    ag_database_unlock(first);
    assert_ok(ag_database_lock(ag_str(url), &second));
    ag_database_unlock(second);

    assert_ok(ag_database_lock(AG_STR("postgres://x"), &first));
    assert_int_equal(first, -1);
    ag_database_unlock(first);
    assert_int_equal(ag_database_lock(AG_STR("sqlite:/nonexistent/x.db"), &first), AG_E_IO);
}

int main(void)
{
#define CONFIG_TEST(fn) cmocka_unit_test_setup_teardown(fn, config_setup, config_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_unique_and_named_alike),
        cmocka_unit_test(defaults_are_what_the_documents_promise),
        cmocka_unit_test(options_survive_a_lack_of_memory),
        cmocka_unit_test(values_are_checked),
        cmocka_unit_test(secrets_are_never_shown),
        cmocka_unit_test(values_are_compared_and_copied),
        cmocka_unit_test(close_words_are_suggested),
        CONFIG_TEST(flags_win_over_environment_over_file_over_default),
        CONFIG_TEST(every_mistake_is_reported_with_its_place),
        CONFIG_TEST(a_file_that_cannot_be_read_is_a_mistake),
        CONFIG_TEST(unknown_names_in_the_environment_warn),
        CONFIG_TEST(readable_secrets_in_the_file_warn),
        CONFIG_TEST(wrong_combinations_are_found),
        CONFIG_TEST(whole_identity_providers_are_taken),
        CONFIG_TEST(a_weak_secret_is_refused_and_not_shown),
        CONFIG_TEST(loading_survives_a_lack_of_memory),
        cmocka_unit_test(commands_are_understood),
        cmocka_unit_test(mistakes_on_the_command_line_say_how_to_mend_them),
        cmocka_unit_test(help_and_documents_name_every_option),
        cmocka_unit_test(secrets_are_made_once_and_kept),
        cmocka_unit_test(broken_secrets_are_not_replaced),
        cmocka_unit_test(a_folder_that_cannot_be_made_says_why),
        cmocka_unit_test(one_server_holds_a_database),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
