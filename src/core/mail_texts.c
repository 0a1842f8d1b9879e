#include "core/mail.h"

/* What people read. `{name}`, `{other}` and `{site}` stand for what a mail is about. */
static const struct ag_mail_text texts[AG_MAIL_KINDS] = {
    [AG_MAIL_VERIFY] =
        {
            .name = "verify",
            .subject = "Confirm your e-mail address",
            .before = {"Hello {name},",
                       "somebody, most likely you, made an account at {site} with this address. "
                       "Please confirm that it is yours."},
            .action = "Confirm this address",
            .after = {"The link works once, for 24 hours.",
                      "If you made no account there, do not follow it; you can ignore this mail."},
        },
    [AG_MAIL_RESET] =
        {
            .name = "reset",
            .subject = "Choose a new password",
            .before = {"Hello {name},",
                       "somebody, most likely you, asked for a new password of your account at "
                       "{site}."},
            .action = "Choose a new password",
            .after = {"The link works once, for an hour. Setting a password signs you out "
                      "everywhere.",
                      "If it was not you, ignore this mail: your password stays as it is."},
        },
    [AG_MAIL_PASSWORD_CHANGED] =
        {
            .name = "password_changed",
            .subject = "Your password was changed",
            .before = {"Hello {name},", "the password of your account at {site} was changed.",
                       "Linked accounts sign in to it without one, as before: {other}."},
            .after = {"If it was not you, set a new one at once with \"Forgot password\" on the "
                      "sign-in page, and look through your linked accounts and API keys."},
        },
    [AG_MAIL_IDENTITY_LINKED] =
        {
            .name = "identity_linked",
            .subject = "Another way to sign in to your account",
            .before = {"Hello {name},",
                       "an account at {other} can sign in to your account at {site} from now on."},
            .after =
                {"If it was not you, take it away in your settings, under \"Linked accounts\". "
                 "A new password alone does not."},
        },
    [AG_MAIL_CHANGE_CONFIRM] =
        {
            .name = "change_confirm",
            .subject = "Confirm your new e-mail address",
            .other_is_address = true,
            .before = {"Hello {name},",
                       "the account at {site} that has the address {other} is to have this "
                       "address from now on."},
            .action = "Use this address",
            .after = {"The link works once, for 24 hours. Until then nothing changes.",
                      "If this is not your account, do not follow it; you can ignore this mail."},
        },
    [AG_MAIL_CHANGE_NOTICE] =
        {
            .name = "change_notice",
            .subject = "Your e-mail address is about to change",
            .other_is_address = true,
            .before = {"Hello {name},",
                       "your account at {site} is to have the address {other} instead of this "
                       "one. It changes when somebody follows the link that was sent there."},
            .after = {"If it was not you, change your password now: that makes the link "
                      "worthless."},
        },
    [AG_MAIL_ADDRESS_CHANGED] =
        {
            .name = "address_changed",
            .subject = "Your e-mail address was changed",
            .other_is_address = true,
            .before = {"Hello {name},",
                       "your account at {site} has the address {other} from now on. This address "
                       "does not belong to it any more."},
            .after = {"If it was not you, ask the administrator of the server for help."},
        },
    [AG_MAIL_INVITATION] =
        {
            .name = "invitation",
            .subject = "You are invited to an organisation",
            .before = {"Hello,",
                       "{name} invites you to work in the organisation \"{other}\" at {site}."},
            .action = "See the invitation",
            .after = {"If you do not know who that is, you can ignore this mail."},
        },
    [AG_MAIL_ACCOUNT_DELETED] =
        {
            .name = "account_deleted",
            .subject = "Your account was deleted",
            .before = {"Hello {name},",
                       "your account at {site} was deleted, and all that was yours alone with "
                       "it."},
            .after = {"If you did not ask for it, ask the administrator of the server."},
        },
    [AG_MAIL_TEST] =
        {
            .name = "test",
            .subject = "A test of mails",
            .before = {"Hello,", "{site} can send mails."},
        },
};

const struct ag_mail_text *ag_mail_text(enum ag_mail_kind kind)
{
    return &texts[kind];
}
