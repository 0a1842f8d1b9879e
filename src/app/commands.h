/* The commands that are more than a page: their run functions, for the table in commands.c. */
#pragma once

#include "app/cli.h"

/* serve.c */
enum ag_exit ag_serve(struct ag_invocation *invocation);
/* accounts.c */
enum ag_exit ag_user_create(struct ag_invocation *invocation);
enum ag_exit ag_user_promote(struct ag_invocation *invocation);
enum ag_exit ag_user_suspend(struct ag_invocation *invocation);
enum ag_exit ag_user_resume(struct ag_invocation *invocation);
enum ag_exit ag_user_reset_password(struct ag_invocation *invocation);
enum ag_exit ag_unblock(struct ag_invocation *invocation);
enum ag_exit ag_audit_verify_command(struct ag_invocation *invocation);
/* mail.c */
enum ag_exit ag_mail_test(struct ag_invocation *invocation);
/* docs.c: writes the documents that are made from the tables into a folder. */
enum ag_exit ag_docs(struct ag_invocation *invocation);
/* docs.c: docs/config.md. */
enum ag_err ag_config_markdown(struct ag_buf *out);
