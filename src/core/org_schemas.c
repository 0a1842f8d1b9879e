/* The documents of organisations that go in, and those that no table keeps. */
#include "core/orgs.h"

#define ROLES "owner|admin|manager|member|viewer"

static const struct ag_field org_input_fields[] = {
    AG_FIELD(struct ag_org_input, name, AG_F_STRING, AG_FF_REQUIRED, .min = 1, .max = 100,
             .doc = "Its name", .example = "\"Analytical Engines\""),
};
AG_SCHEMA(ag_org_input_schema, "OrganizationInput", struct ag_org_input,
          "A new organisation, or what changes of one", org_input_fields);

static const struct ag_field transfer_input_fields[] = {
    AG_FIELD(struct ag_transfer_input, user_id, AG_F_UUID, AG_FF_REQUIRED,
             .doc = "The member who becomes its owner"),
};
AG_SCHEMA(ag_transfer_input_schema, "Transfer", struct ag_transfer_input, "Another owner",
          transfer_input_fields);

/* ---- members ---- */

static const struct ag_field role_input_fields[] = {
    [AG_ROLE_INPUT_ROLE] = AG_FIELD(struct ag_role_input, role, AG_F_ENUM, 0, .choices = ROLES,
                                    .doc = "A built-in role"),
    [AG_ROLE_INPUT_ID] = AG_FIELD(struct ag_role_input, role_id, AG_F_UUID, 0,
                                  .doc = "Or one of the organisation's own"),
};
AG_SCHEMA(ag_role_input_schema, "MemberInput", struct ag_role_input,
          "Another role for a member: `role` or `role_id`", role_input_fields);

static const struct ag_field member_query_fields[] = {
    AG_FIELD(struct ag_list_query, limit, AG_F_INT, 0, .min = 1, .max = 100, .def = "20",
             .doc = "Items per page"),
    AG_FIELD(struct ag_list_query, cursor, AG_F_STRING, 0, .min = 1, .max = 700,
             .doc = "`next_cursor` of the page before"),
    AG_FIELD(struct ag_list_query, q, AG_F_STRING, 0, .max = 200,
             .doc = "Only whose name or e-mail contains this text, in either case"),
};
AG_SCHEMA(ag_member_query_schema, NULL, struct ag_list_query, "A page of members",
          member_query_fields);

/* ---- roles ---- */

static const struct ag_field own_role_input_fields[] = {
    AG_FIELD(struct ag_own_role_input, name, AG_F_STRING, AG_FF_REQUIRED, .min = 1, .max = 50,
             .doc = "Its name, which no other role of the organisation has",
             .example = "\"Prompt editor\""),
    AG_FIELD(struct ag_own_role_input, description, AG_F_STRING, AG_FF_NULLABLE, .max = 300,
             .doc = "What it is for"),
    AG_FIELD(struct ag_own_role_input, permissions, AG_F_LIST, AG_FF_REQUIRED, .item = AG_F_STRING,
             .max = 64, .item_min = 1, .item_max = 50,
             .doc = "What its members may do, beside what concerns their own account",
             .example = "[\"agents:read\",\"prompts:read\",\"prompts:write\"]"),
};
AG_SCHEMA(ag_own_role_input_schema, "RoleInput", struct ag_own_role_input,
          "A role of the organisation's own", own_role_input_fields);

static const struct ag_field permission_fields[] = {
    AG_FIELD(struct ag_permission_doc, name, AG_F_STRING, AG_FF_REQUIRED, .doc = "Its name",
             .example = "\"agents:write\""),
    AG_FIELD(struct ag_permission_doc, description, AG_F_STRING, AG_FF_REQUIRED,
             .doc = "What it allows"),
    AG_FIELD(struct ag_permission_doc, group, AG_F_STRING, AG_FF_REQUIRED,
             .doc = "What it is about", .example = "\"agents\""),
    AG_FIELD(struct ag_permission_doc, roles, AG_F_LIST, AG_FF_REQUIRED, .item = AG_F_STRING,
             .doc = "The built-in roles that hold it; `system`: administrators of the server"),
    AG_FIELD(struct ag_permission_doc, own_roles, AG_F_ENUM, AG_FF_REQUIRED,
             .choices = "always|optional|never",
             .doc = "Whether roles of an organisation's own hold it"),
};
AG_SCHEMA(ag_permission_schema, "Permission", struct ag_permission_doc, "Something one may do",
          permission_fields);

/* ---- invitations ---- */

static const struct ag_field invitation_input_fields[] = {
    AG_FIELD(struct ag_invitation_input, email, AG_F_STRING, AG_FF_REQUIRED | AG_FF_EMAIL,
             .max = 255, .doc = "Who is invited", .example = "\"grace@example.com\""),
    AG_FIELD(struct ag_invitation_input, role, AG_F_ENUM, 0, .choices = ROLES,
             .doc = "A built-in role"),
    [AG_INVITATION_INPUT_ROLE_ID] = AG_FIELD(struct ag_invitation_input, role_id, AG_F_UUID, 0,
                                             .doc = "Or one of the organisation's own"),
};
AG_SCHEMA(ag_invitation_input_schema, "InvitationInput", struct ag_invitation_input,
          "An invitation: an e-mail, and `role` or `role_id`", invitation_input_fields);

static const struct ag_field invitation_token_fields[] = {
    AG_FIELD(struct ag_invitation_token, token, AG_F_STRING, AG_FF_REQUIRED | AG_FF_SECRET,
             .min = 1, .max = 200, .doc = "What stands behind `#token=` in the invitation's link"),
};
AG_SCHEMA(ag_invitation_token_schema, "InvitationToken", struct ag_invitation_token,
          "The token of an invitation", invitation_token_fields);

static const struct ag_field preview_fields[] = {
    AG_FIELD(struct ag_invitation_preview, org_name, AG_F_STRING, AG_FF_REQUIRED,
             .doc = "What the organisation is called"),
    AG_FIELD(struct ag_invitation_preview, inviter_name, AG_F_STRING, AG_FF_REQUIRED,
             .doc = "Who invites"),
    AG_FIELD(struct ag_invitation_preview, email, AG_F_STRING, AG_FF_REQUIRED | AG_FF_EMAIL,
             .doc = "Who is invited: the account that accepts has this e-mail"),
    AG_FIELD(struct ag_invitation_preview, role_name, AG_F_STRING, AG_FF_REQUIRED,
             .doc = "What the role that it gives is called"),
    AG_FIELD(struct ag_invitation_preview, expires_at, AG_F_TIME, AG_FF_REQUIRED,
             .doc = "Until when it can be accepted"),
};
AG_SCHEMA(ag_invitation_preview_schema, "InvitationPreview", struct ag_invitation_preview,
          "What an invitation tells whoever has its token", preview_fields);
