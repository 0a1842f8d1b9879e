#include "core/mail.h"

#include "base/log.h"

bool ag_mail_configured(const struct ag_core *core)
{
    (void)core;
    return false;
}

/* Without a mail server the operator passes the link on. */
static void log_link(struct ag_core *core, enum ag_mail_kind kind, struct ag_str to,
                     struct ag_str link)
{
    char url[1024];
    int len = snprintf(url, sizeof(url), "%.*s%.*s", AG_STR_ARG(core->options.public_url),
                       AG_STR_ARG(link));
    if (link.len == 0 || len < 0 || (size_t)len >= sizeof(url)) len = 0;
    ag_log(AG_LOG_WARN, "mail_not_sent", AG_LC("kind", ag_mail_kind_name(kind)), AG_LS("to", to),
           AG_LS("link", ag_str_n(url, (size_t)len)));
}

void ag_mail_send(struct ag_core *core, enum ag_mail_kind kind, struct ag_str to,
                  const struct ag_mail_values *values)
{
    if (core->sends_mail) log_link(core, kind, to, values->link);
}
