#include "store/tables.h"

const struct ag_stmt_table ag_store_tables[] = {
    {ag_user_stmts, AG_USER_STMTS},
    {ag_session_stmts, AG_SESSION_STMTS},
    {ag_account_stmts, AG_ACCOUNT_STMTS},
    {ag_deletion_stmts, AG_DELETION_STMTS},
    {ag_export_stmts, AG_EXPORT_STMTS},
    {ag_email_token_stmts, AG_EMAIL_TOKEN_STMTS},
    {ag_org_stmts, AG_ORG_STMTS},
    {ag_identity_stmts, AG_IDENTITY_STMTS},
    {ag_purge_stmts, AG_PURGE_STMTS},
    {ag_member_stmts, AG_MEMBER_STMTS},
    {ag_role_stmts, AG_ROLE_STMTS},
    {ag_invitation_stmts, AG_INVITATION_STMTS},
    {ag_api_key_stmts, AG_API_KEY_STMTS},
    {ag_agent_stmts, AG_AGENT_STMTS},
    {ag_prompt_stmts, AG_PROMPT_STMTS},
    {ag_run_stmts, AG_RUN_STMTS},
    {ag_activity_stmts, AG_ACTIVITY_STMTS},
    {ag_audit_stmts, AG_AUDIT_STMTS},
    {ag_idempotency_stmts, AG_IDEMPOTENCY_STMTS},
    {ag_dashboard_stmts, AG_DASHBOARD_STMTS},
    {ag_error_stmts, AG_ERROR_STMTS},
    {ag_limit_stmts, AG_LIMIT_STMTS},
};
const size_t ag_store_table_count = AG_COUNT(ag_store_tables);
