/* `agentgen user create` and `agentgen user promote`. */
#include "app/backend.h"
#include "app/commands.h"
#include "app/on_loop.h"

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

/* ---- what both commands share ---- */

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

static enum ag_err promote_tx(struct ag_tx *tx, void *arg)
{
    struct account *account = arg;
    AG_TRY(ag_users_set_role(tx, account->user.email, AG_STR("admin")));
    return ag_audit_in(tx, &account->scope, account->user.org_id, account->user.id, "user.promoted",
                       AG_STR("{\"by\":\"command line\"}"));
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
    return ag_logout(&account->scope);
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
        AG_TRY(ag_db_write(account->backend.core.db, &account->arena, promote_tx, account));
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

/* ---- user promote ---- */

static enum ag_err promote(struct account *account)
{
    char *email = ag_arena_cstr(&account->arena, account->email);
    if (!email) return ag_fail(AG_E_NO_MEMORY, "out of memory");
    for (char *c = email; *c; c++)
        if (*c >= 'A' && *c <= 'Z') *c = (char)(*c + 32);
    struct ag_db *db = account->backend.core.db;
    enum ag_err err = ag_users_by_email(db, &account->arena, ag_str(email), &account->user);
    if (err == AG_E_NOT_FOUND) return ag_fail(err, "there is no account with the e-mail %s", email);
    AG_TRY(err);
    if (!ag_str_eq(account->user.role, AG_STR("admin")))
        AG_TRY(ag_db_write(db, &account->arena, promote_tx, account));
    printf("%s is an administrator\n", email);
    return AG_OK;
}

static enum ag_err promote_fiber(void *arg)
{
    return with_database(arg, promote);
}

enum ag_exit ag_user_promote(struct ag_invocation *inv)
{
    struct account *account = calloc(1, sizeof(*account));
    if (!account) return ag_cli_fail(ag_fail(AG_E_NO_MEMORY, "out of memory"));
    account->email = inv->args[0];
    enum ag_exit status = run(inv, account, promote_fiber);
    free(account);
    return status;
}
