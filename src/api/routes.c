/* The only list of routes. */
#include "api/route.h"

const struct ag_route_table ag_route_tables[] = {
    {ag_system_routes, AG_SYSTEM_ROUTES},
    {ag_auth_routes, AG_AUTH_ROUTES},
    {ag_account_routes, AG_ACCOUNT_ROUTES},
    {ag_admin_user_routes, AG_ADMIN_USER_ROUTES},
    {ag_oauth_routes, AG_OAUTH_ROUTES},
    {ag_org_routes, AG_ORG_ROUTES},
    {ag_member_routes, AG_MEMBER_ROUTES},
    {ag_invitation_routes, AG_INVITATION_ROUTES},
    {ag_role_routes, AG_ROLE_ROUTES},
    {ag_api_key_routes, AG_API_KEY_ROUTES},
    {ag_agent_routes, AG_AGENT_ROUTES},
    {ag_prompt_routes, AG_PROMPT_ROUTES},
    {ag_ai_routes, AG_AI_ROUTES},
    {ag_public_routes, AG_PUBLIC_ROUTES},
    {ag_run_routes, AG_RUN_ROUTES},
    {ag_activity_routes, AG_ACTIVITY_ROUTES},
    {ag_dashboard_routes, AG_DASHBOARD_ROUTES},
    {ag_error_routes, AG_ERROR_ROUTES},
    {ag_provider_routes, AG_PROVIDER_ROUTES},
    {ag_limit_routes, AG_LIMIT_ROUTES},
    {ag_template_routes, AG_TEMPLATE_ROUTES},
    {ag_proposal_routes, AG_PROPOSAL_ROUTES},
};
const size_t ag_route_table_count = AG_COUNT(ag_route_tables);
