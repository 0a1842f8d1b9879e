#include "core/mail.h"

const char *ag_mail_kind_name(enum ag_mail_kind kind)
{
    static const char *const names[AG_MAIL_KINDS] = {
        [AG_MAIL_VERIFY] = "verify",
        [AG_MAIL_RESET] = "reset",
        [AG_MAIL_PASSWORD_CHANGED] = "password_changed",
        [AG_MAIL_CHANGE_CONFIRM] = "change_confirm",
        [AG_MAIL_CHANGE_NOTICE] = "change_notice",
        [AG_MAIL_ADDRESS_CHANGED] = "address_changed",
        [AG_MAIL_INVITATION] = "invitation",
        [AG_MAIL_ACCOUNT_DELETED] = "account_deleted",
    };
    return names[kind];
}
