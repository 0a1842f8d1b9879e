/* `agentgen mail test`: one mail, at once, with what goes wrong in words. */
#include "core/mail.h"

#include "app/backend.h"
#include "app/commands.h"

static enum ag_err send_test(struct ag_backend *backend, struct ag_str to)
{
    const struct ag_mail_values values = {.link = AG_STR("")};
    struct ag_str site = backend->options->public_url;
    struct ag_mailer_options options;
    struct ag_mail mail;
    if (site.len == 0) site = AG_STR("agentgen");
    AG_TRY(ag_backend_mailer(backend, &options));
    AG_TRY(ag_mail_compose(AG_MAIL_TEST, site, &values, &backend->arena, &mail));
    const struct ag_mailer_mail posted = {.kind = ag_mail_text(AG_MAIL_TEST)->name,
                                          .to = to,
                                          .subject = mail.subject,
                                          .text = mail.text,
                                          .html = mail.html};
    return ag_mailer_send_now(&options, &posted);
}

enum ag_exit ag_mail_test(struct ag_invocation *inv)
{
    struct ag_backend backend = {.options = &inv->options, .lock_fd = -1};
    ag_arena_init(&backend.arena);
    enum ag_err err = ag_egress_new(inv->options.egress_allow, &backend.core.egress);
    if (err == AG_OK) err = send_test(&backend, inv->args[0]);
    enum ag_exit status = AG_EXIT_OK;
    if (err == AG_OK)
        printf("the mail server has taken a mail to %.*s\n", AG_STR_ARG(inv->args[0]));
    else
        status = ag_cli_fail(err);
    ag_egress_free(backend.core.egress);
    ag_arena_done(&backend.arena);
    return status;
}
