#include "app/commands.h"

#include "api/api.h"
#include "app/backend.h"
#include "app/on_loop.h"
#include "app/version.h"
#include "base/log.h"

enum { DOCUMENT_BYTES = 16 * 1024 * 1024 };

/* ---- documents ---- */

static enum ag_exit print_document(enum ag_err (*write)(struct ag_buf *out))
{
    struct ag_buf out;
    ag_buf_init(&out, NULL, DOCUMENT_BYTES);
    enum ag_err err = write(&out);
    enum ag_exit status = err == AG_OK ? ag_cli_print(&out) : ag_cli_fail(err);
    ag_buf_done(&out);
    return status;
}

static enum ag_exit routes(struct ag_invocation *inv)
{
    return print_document(inv->flags[0].data ? ag_api_routes_json : ag_api_routes_markdown);
}

static enum ag_err write_openapi(struct ag_buf *out)
{
    AG_TRY(ag_api_openapi(out, AG_STR(AG_VERSION)));
    return ag_buf_append_char(out, '\n');
}

static enum ag_exit openapi(struct ag_invocation *inv)
{
    return print_document(write_openapi);
}

static enum ag_exit version(struct ag_invocation *inv)
{
    printf("agentgen %s\n", AG_VERSION);
    return fflush(stdout) == 0 ? AG_EXIT_OK : AG_EXIT_FAILED;
}

static enum ag_exit help(struct ag_invocation *inv)
{
    char name[64] = "";
    for (size_t i = 0, len = 0; i < inv->arg_count && len < sizeof(name); i++)
        len += (size_t)snprintf(name + len, sizeof(name) - len, "%s%.*s", i > 0 ? " " : "",
                                AG_STR_ARG(inv->args[i]));
    const struct ag_command *command = ag_commands;
    while (command->name && strcmp(command->name, name) != 0)
        command++;
    if (name[0] && !command->name) {
        fprintf(stderr, "agentgen: there is no command \"%s\"\n", name);
        return AG_EXIT_USAGE;
    }
    struct ag_buf out;
    ag_buf_init(&out, NULL, DOCUMENT_BYTES);
    ag_cli_help(name[0] ? command : NULL, &out);
    enum ag_exit status = ag_cli_print(&out);
    ag_buf_done(&out);
    return status;
}

/* ---- configuration ---- */

/* What is in force, and where it comes from. */
static enum ag_exit check_config(struct ag_invocation *inv)
{
    struct ag_buf out;
    ag_buf_init(&out, NULL, DOCUMENT_BYTES);
    for (size_t i = 0; i < ag_option_count; i++) {
        const struct ag_option *row = &ag_option_table[i];
        size_t start = out.len;
        if (row->flags & AG_OPTION_NOT_IN_FILE) ag_buf_append_lit(&out, "# ");
        ag_buf_printf(&out, "%s = ", row->key);
        ag_option_show(&inv->options, row, &out);
        int pad = (int)(52 - AG_MIN(out.len - start, (size_t)50));
        ag_buf_printf(&out, "%*s# %s\n", pad, "",
                      ag_option_source_name(ag_option_source(&inv->options, row)));
    }
    enum ag_exit status = ag_cli_print(&out);
    ag_buf_done(&out);
    return status;
}

/* ---- migrations ---- */

static enum ag_err migrate_fiber(void *arg)
{
    struct ag_backend *backend = arg;
    int applied = 0;
    AG_TRY(ag_db_attach(backend->core.db));
    enum ag_err err = ag_db_migrate(backend->core.db, &applied);
    ag_db_detach(backend->core.db);
    if (err == AG_OK) printf("applied %d migration%s\n", applied, applied == 1 ? "" : "s");
    return err;
}

static enum ag_exit migrate(struct ag_invocation *inv)
{
    struct ag_backend backend;
    enum ag_err err = ag_backend_open(&backend, &inv->options, 1, true);
    if (err != AG_OK) return ag_cli_fail(err);
    err = ag_on_loop(migrate_fiber, &backend);
    enum ag_exit status = err == AG_OK ? AG_EXIT_OK : ag_cli_fail(err);
    ag_backend_close(&backend);
    return status;
}

/* ---- the table ---- */

const struct ag_command ag_commands[] = {
    {.name = "serve",
     .configured = true,
     .run = ag_serve,
     .summary = "Serve the API and its documentation (also without a command)",
     .doc = "SIGTERM or SIGINT ends it: running requests are finished first. A second one ends it "
            "at once. SIGHUP reads the configuration file again."},
    {.name = "migrate",
     .configured = true,
     .run = migrate,
     .summary = "Bring the database to this version's schema",
     .doc = "`serve` does so by itself at its start."},
    {.name = "user create",
     .configured = true,
     .run = ag_user_create,
     .summary = "Create an account; the password is read from standard input",
     .doc = "On a terminal the password is asked for without showing it. The first account is "
            "an administrator in any case.",
     .flags = {{"--email", "EMAIL", true, "The address to sign in with."},
               {"--name", "NAME", true, "The name that others see."},
               {"--admin", NULL, false, "Make it an administrator."}}},
    {.name = "user promote",
     .args = "EMAIL",
     .min_args = 1,
     .max_args = 1,
     .configured = true,
     .run = ag_user_promote,
     .summary = "Make an account an administrator",
     .doc = "A running server takes notice within five seconds."},
    {.name = "user reset-password",
     .args = "EMAIL",
     .min_args = 1,
     .max_args = 1,
     .configured = true,
     .run = ag_user_reset_password,
     .summary = "Print a link that sets a new password",
     .doc = "The link works once, for an hour. Pass it on to the person the account belongs to."},
    {.name = "user suspend",
     .args = "EMAIL",
     .min_args = 1,
     .max_args = 1,
     .configured = true,
     .run = ag_user_suspend,
     .summary = "Suspend an account",
     .doc = "Its sessions, tokens and keys are refused, by a running server within five seconds."},
    {.name = "user resume",
     .args = "EMAIL",
     .min_args = 1,
     .max_args = 1,
     .configured = true,
     .run = ag_user_resume,
     .summary = "Let a suspended account be used again"},
    {.name = "unblock",
     .args = "ADDRESS|EMAIL",
     .min_args = 1,
     .max_args = 1,
     .configured = true,
     .run = ag_unblock,
     .summary = "Lift the block of an address or account",
     .doc = "For who locked themselves out. A running server takes notice within five seconds."},
    {.name = "audit verify",
     .configured = true,
     .run = ag_audit_verify_command,
     .summary = "Check that the audit log is as it was written",
     .doc =
         "Prints each log's entries and its head, and the first entry that was changed, removed "
         "or inserted; the exit status is 1 then. Keep the heads elsewhere: `--seen` tells later "
         "whether the log still holds them. May run beside a server.",
     .flags = {{"--org", "ID", false, "Only this organisation's log; `server` for the server's."},
               {"--seen", "SEQ:HASH", false, "The head that an earlier run printed for it."}}},
    {.name = "mail test",
     .args = "ADDRESS",
     .min_args = 1,
     .max_args = 1,
     .configured = true,
     .run = ag_mail_test,
     .summary = "Send a mail to see whether the mail server takes it",
     .doc = "Says what the mail server answered when it does not."},
    {.name = "check-config",
     .configured = true,
     .run = check_config,
     .summary = "Check the configuration and print what is in force",
     .doc = "Secrets are masked. The exit status is 78 when something is wrong."},
    {.name = "routes",
     .run = routes,
     .summary = "Print the routes of the API",
     .flags = {{"--json", NULL, false, "As JSON instead of Markdown."}}},
    {.name = "openapi", .run = openapi, .summary = "Print the OpenAPI document"},
    {.name = "docs",
     .run = ag_docs,
     .summary = "Write the generated documents into a folder",
     .flags = {{"--dir", "DIR", true,
                "Where config.md, errors.md, permissions.md, audit.md, routes.md and openapi.json "
                "go."}}},
    {.name = "version", .run = version, .summary = "Print the version"},
    {.name = "help",
     .args = "[COMMAND]",
     .max_args = 2,
     .run = help,
     .summary = "Explain a command"},
    {.name = NULL},
};
