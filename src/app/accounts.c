/* `agentgen user ...` and `agentgen unblock`: what the operator does with accounts. */
#include "app/backend.h"
#include "app/commands.h"
#include "app/on_loop.h"
#include "core/accounts.h"
#include "core/limits.h"

#include <errno.h>
#include <termios.h>
#include <unistd.h>

enum { PASSWORD_BYTES = AG_PASSWORD_MAX * 4 };

/* ---- the password ---- */

/* One line of standard input without its end. */
static enum ag_err read_line(char out[PASSWORD_BYTES + 2])
{
    if (!fgets(out, PASSWORD_BYTES + 2, stdin))
        return ag_fail(AG_E_INVALID, "no password came on standard input");
    size_t len = strcspn(out, "\r\n");
    if (len > PASSWORD_BYTES) return ag_fail(AG_E_INVALID, "the password is too long");
    out[len] = '\0';
    return AG_OK;
}

static enum ag_err ask(const char *prompt, char out[PASSWORD_BYTES + 2])
{
    fputs(prompt, stderr);
    enum ag_err err = read_line(out);
    fputc('\n', stderr);
    return err;
}

static enum ag_err ask_twice(char out[PASSWORD_BYTES + 2])
{
    char again[PASSWORD_BYTES + 2];
    AG_TRY(ask("Password: ", out));
    enum ag_err err = ask("The same again: ", again);
    if (err == AG_OK && strcmp(out, again) != 0)
        err = ag_fail(AG_E_INVALID, "these are two different passwords");
    explicit_bzero(again, sizeof(again));
    return err;
}

static enum ag_err read_password(char out[PASSWORD_BYTES + 2])
{
    struct termios shown, hidden;
    setvbuf(stdin, NULL, _IONBF, 0); /* no copy of it in a buffer of the library */
    if (tcgetattr(STDIN_FILENO, &shown) != 0) return read_line(out); /* not a terminal */
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) != 0)
        return ag_fail(AG_E_IO, "the terminal cannot hide what is typed: %s", strerror(errno));
    enum ag_err err = ask_twice(out);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    return err;
}

/* ---- what the commands share ---- */

struct account {
    struct ag_backend backend;
    struct ag_arena arena;
    struct ag_field_errors errors;
    struct ag_scope scope;
    struct ag_str email, name;
    struct ag_str password;
    bool admin;
    bool beside_server; /* a server is running on this SQLite database */
    struct ag_user user;
};

/* Changes role (AG_STANDING_ROLE) or status (AG_STANDING_STATUS). */
static enum ag_err set_standing(struct account *account, int field, const char *value)
{
    struct ag_account changed;
    struct ag_standing_input input = {.status = ag_str(value), .role = ag_str(value)};
    AG_SET(&input, field);
    return ag_account_set_standing(&account->scope, account->user.id, &input, &changed);
}

static enum ag_err with_database(struct account *account, enum ag_err (*fn)(struct account *))
{
    AG_TRY(ag_backend_attach(&account->backend));
    enum ag_err err = AG_OK;
    int applied;
    if (!account->beside_server) err = ag_db_migrate(account->backend.core.db, &applied);
    if (err == AG_OK) err = fn(account);
    ag_backend_detach(&account->backend);
    return err;
}

/* Runs `fiber(account)` on a loop with an open backend. */
static enum ag_exit run(struct ag_invocation *inv, struct account *account,
                        enum ag_err (*fiber)(void *arg))
{
    enum ag_err err = ag_backend_open(&account->backend, &inv->options, 1, true);
    account->beside_server = err == AG_E_CONFLICT;
    if (account->beside_server) err = ag_backend_open(&account->backend, &inv->options, 1, false);
    if (err != AG_OK) return ag_cli_fail(err);
    ag_arena_init(&account->arena);
    account->scope = (struct ag_scope){
        .core = &account->backend.core,
        .arena = &account->arena,
        .ip = AG_STR("local"),
        .user_agent = AG_STR("agentgen command line"),
        .errors = &account->errors,
    };
    err = ag_passwords_start(1);
    if (err == AG_OK) err = ag_on_loop(fiber, account);
    enum ag_exit status = err == AG_OK ? AG_EXIT_OK : AG_EXIT_FAILED;
    if (err == AG_E_INVALID && account->errors.count > 0) {
        for (size_t i = 0; i < account->errors.count; i++)
            fprintf(stderr, "agentgen: %.*s: %.*s\n", AG_STR_ARG(account->errors.items[i].field),
                    AG_STR_ARG(account->errors.items[i].message));
    } else if (err != AG_OK) {
        status = ag_cli_fail(err);
    }
    ag_passwords_stop();
    ag_arena_done(&account->arena);
    ag_backend_close(&account->backend);
    return status;
}

/* ---- user create ---- */

/* The same checks as the API's, by the same table. */
static enum ag_err decode_input(struct account *account, struct ag_register_input *ret_input)
{
    struct ag_buf json;
    ag_buf_init(&json, NULL, 64 * 1024);
    ag_buf_append_lit(&json, "{\"name\":");
    ag_buf_json_string(&json, account->name);
    ag_buf_append_lit(&json, ",\"email\":");
    ag_buf_json_string(&json, account->email);
    ag_buf_append_lit(&json, ",\"password\":");
    ag_buf_json_string(&json, account->password);
    ag_buf_append_char(&json, '}');
    enum ag_err err = ag_buf_err(&json);
    if (err == AG_OK)
        err = ag_fields_decode(&ag_register_schema, ag_buf_str(&json), ret_input, &account->arena,
                               &account->errors);
    if (json.data) explicit_bzero(json.data, json.len);
    ag_buf_done(&json);
    return err;
}

/* The session that registering began is nobody's. */
static enum ag_err end_session(struct account *account, struct ag_str token)
{
    struct ag_jwt_claims claims;
    AG_TRY(ag_jwt_verify(account->backend.core.jwt, token, ag_wall_ms() / 1000, &claims));
    account->scope.who = (struct ag_principal){
        .credential = AG_CRED_TOKEN,
        .user_id = account->user.id,
        .org_id = account->user.org_id,
        .session_id = claims.session_id,
    };
    enum ag_err err = ag_logout(&account->scope);
    account->scope.who = (struct ag_principal){.credential = AG_CRED_NONE};
    return err;
}

static enum ag_err create(struct account *account)
{
    struct ag_register_input input = {0};
    struct ag_grant grant;
    AG_TRY(decode_input(account, &input));
    AG_TRY(ag_register(&account->scope, &input, &grant));
    account->user = grant.user;
    AG_TRY(end_session(account, grant.token));
    if (account->admin && !ag_str_eq(account->user.role, AG_STR("admin"))) {
        AG_TRY(set_standing(account, AG_STANDING_ROLE, "admin"));
        account->user.role = AG_STR("admin");
    }
    char id[AG_UUID_TEXT_BYTES];
    ag_uuid_format(account->user.id, id);
    printf("created %.*s, role %.*s, id %s\n", AG_STR_ARG(account->user.email),
           AG_STR_ARG(account->user.role), id);
    return AG_OK;
}

static enum ag_err create_fiber(void *arg)
{
    return with_database(arg, create);
}

enum ag_exit ag_user_create(struct ag_invocation *inv)
{
    char password[PASSWORD_BYTES + 2];
    struct account *account = calloc(1, sizeof(*account));
    if (!account) return ag_cli_fail(ag_fail(AG_E_NO_MEMORY, "out of memory"));
    enum ag_exit status;
    enum ag_err err = read_password(password);
    if (err == AG_OK) {
        account->email = inv->flags[0];
        account->name = inv->flags[1];
        account->admin = inv->flags[2].data != NULL;
        account->password = ag_str(password);
        status = run(inv, account, create_fiber);
    } else {
        status = ag_cli_fail(err);
    }
    explicit_bzero(password, sizeof(password));
    free(account);
    return status;
}

/* ---- commands on an account that there is ---- */

static enum ag_err find(struct account *account)
{
    struct ag_str email;
    AG_TRY(ag_email_normal(&account->arena, account->email, &email));
    enum ag_err err = ag_users_by_email(account->backend.core.db, &account->arena, email,
                                        &account->user);
    if (err == AG_E_NOT_FOUND)
        return ag_fail(err, "there is no account with the e-mail %.*s", AG_STR_ARG(email));
    return err;
}

static enum ag_err promote(struct account *account)
{
    AG_TRY(find(account));
    AG_TRY(set_standing(account, AG_STANDING_ROLE, "admin"));
    printf("%.*s is an administrator\n", AG_STR_ARG(account->user.email));
    return AG_OK;
}

static enum ag_err suspend(struct account *account)
{
    AG_TRY(find(account));
    AG_TRY(set_standing(account, AG_STANDING_STATUS, "suspended"));
    printf("%.*s is suspended\n", AG_STR_ARG(account->user.email));
    return AG_OK;
}

static enum ag_err resume(struct account *account)
{
    AG_TRY(find(account));
    AG_TRY(set_standing(account, AG_STANDING_STATUS, "active"));
    printf("%.*s can be used\n", AG_STR_ARG(account->user.email));
    return AG_OK;
}

static enum ag_err reset_password(struct account *account)
{
    const struct ag_options *options = account->backend.options;
    struct ag_str site = account->backend.core.options.public_url, link;
    AG_TRY(find(account));
    AG_TRY(ag_account_reset_link(&account->scope, &account->user, &link));
    if (site.len > 0)
        printf("%.*s%.*s\n", AG_STR_ARG(site), AG_STR_ARG(link));
    else
        printf("http://localhost:%lld%.*s\n", (long long)options->port, AG_STR_ARG(link));
    return AG_OK;
}

static enum ag_err promote_fiber(void *arg)
{
    return with_database(arg, promote);
}

static enum ag_err suspend_fiber(void *arg)
{
    return with_database(arg, suspend);
}

static enum ag_err resume_fiber(void *arg)
{
    return with_database(arg, resume);
}

static enum ag_err reset_password_fiber(void *arg)
{
    return with_database(arg, reset_password);
}

static enum ag_exit run_on(struct ag_invocation *inv, enum ag_err (*fiber)(void *arg))
{
    struct account *account = calloc(1, sizeof(*account));
    if (!account) return ag_cli_fail(ag_fail(AG_E_NO_MEMORY, "out of memory"));
    account->email = inv->args[0];
    enum ag_exit status = run(inv, account, fiber);
    free(account);
    return status;
}

enum ag_exit ag_user_promote(struct ag_invocation *inv)
{
    return run_on(inv, promote_fiber);
}

enum ag_exit ag_user_suspend(struct ag_invocation *inv)
{
    return run_on(inv, suspend_fiber);
}

enum ag_exit ag_user_resume(struct ag_invocation *inv)
{
    return run_on(inv, resume_fiber);
}

enum ag_exit ag_user_reset_password(struct ag_invocation *inv)
{
    return run_on(inv, reset_password_fiber);
}

/* ---- unblock ---- */

static enum ag_err unblock(struct account *account)
{
    struct ag_str subject;
    AG_TRY(ag_block_lift_subject(&account->scope, account->email, &subject));
    printf("%.*s may sign in again\n", AG_STR_ARG(subject));
    return AG_OK;
}

static enum ag_err unblock_fiber(void *arg)
{
    return with_database(arg, unblock);
}

enum ag_exit ag_unblock(struct ag_invocation *inv)
{
    return run_on(inv, unblock_fiber);
}
