/* The documents that go in and out, apart from the entities of store/ and the configuration. */
#include "core/accounts.h"
#include "core/runs.h"

/* ---- identity ---- */

static const struct ag_field register_fields[] = {
    AG_FIELD(struct ag_register_input, name, AG_F_STRING, AG_FF_REQUIRED, .min = 1, .max = 100,
             .doc = "Name shown to others", .example = "\"John Doe\""),
    AG_FIELD(struct ag_register_input, email, AG_F_STRING, AG_FF_REQUIRED | AG_FF_EMAIL, .max = 255,
             .doc = "E-mail address", .example = "\"user@example.com\""),
    AG_FIELD(struct ag_register_input, password, AG_F_STRING,
             AG_FF_REQUIRED | AG_FF_SECRET | AG_FF_NO_TRIM, .min = AG_PASSWORD_MIN,
             .max = AG_PASSWORD_MAX,
             .doc = "At least 8 characters, not a common one; 15 or more "
                    "are recommended"),
    AG_FIELD(
        struct ag_register_input, invitation, AG_F_STRING, AG_FF_SECRET, .min = 1, .max = 200,
        .doc = "The token of an invitation to this e-mail: the account joins its organisation"),
};
AG_SCHEMA(ag_register_schema, "Register", struct ag_register_input, "A new account",
          register_fields);

static const struct ag_field login_fields[] = {
    AG_FIELD(struct ag_login_input, email, AG_F_STRING, AG_FF_REQUIRED, .min = 1, .max = 255,
             .doc = "E-mail address", .example = "\"user@example.com\""),
    AG_FIELD(struct ag_login_input, password, AG_F_STRING,
             AG_FF_REQUIRED | AG_FF_SECRET | AG_FF_NO_TRIM, .min = 1, .max = AG_PASSWORD_MAX,
             .doc = "Password", .example = "\"securepassword\""),
};
AG_SCHEMA(ag_login_schema, "Login", struct ag_login_input, "Credentials of an account",
          login_fields);

static const struct ag_field refresh_fields[] = {
    AG_FIELD(struct ag_refresh_input, refresh_token, AG_F_STRING, AG_FF_REQUIRED | AG_FF_SECRET,
             .min = 1, .max = 200, .doc = "The newest refresh token of the session"),
};
AG_SCHEMA(ag_refresh_schema, "Refresh", struct ag_refresh_input, "A refresh token", refresh_fields);

static const struct ag_field me_input_fields[] = {
    [AG_ME_NAME] = AG_FIELD(struct ag_me_input, name, AG_F_STRING, 0, .min = 1, .max = 100,
                            .doc = "Name shown to others", .example = "\"John Doe\""),
    [AG_ME_CURRENT_PASSWORD] = AG_FIELD(
        struct ag_me_input, current_password, AG_F_STRING, AG_FF_SECRET | AG_FF_NO_TRIM, .min = 1,
        .max = AG_PASSWORD_MAX, .doc = "Needed to change the password"),
    [AG_ME_NEW_PASSWORD] = AG_FIELD(struct ag_me_input, new_password, AG_F_STRING,
                                    AG_FF_SECRET | AG_FF_NO_TRIM, .min = AG_PASSWORD_MIN,
                                    .max = AG_PASSWORD_MAX,
                                    .doc = "At least 8 characters, not a common one"),
};
AG_SCHEMA(ag_me_input_schema, "AccountInput", struct ag_me_input, "Changes of one's own account",
          me_input_fields);

static const struct ag_field token_input_fields[] = {
    AG_FIELD(struct ag_token_input, token, AG_F_STRING, AG_FF_REQUIRED | AG_FF_SECRET, .min = 1,
             .max = 200, .doc = "What stands behind `#token=` in the link"),
};
AG_SCHEMA(ag_token_input_schema, "MailToken", struct ag_token_input, "A link from a mail",
          token_input_fields);

static const struct ag_field email_input_fields[] = {
    AG_FIELD(struct ag_email_input, email, AG_F_STRING, AG_FF_REQUIRED | AG_FF_EMAIL, .max = 255,
             .doc = "The new address", .example = "\"user@example.com\""),
};
AG_SCHEMA(ag_email_input_schema, "EmailChange", struct ag_email_input, "A new e-mail address",
          email_input_fields);

static const struct ag_field forgot_fields[] = {
    AG_FIELD(struct ag_email_input, email, AG_F_STRING, AG_FF_REQUIRED, .min = 1, .max = 255,
             .doc = "E-mail address", .example = "\"user@example.com\""),
};
AG_SCHEMA(ag_forgot_schema, "ForgotPassword", struct ag_email_input,
          "An address whose password is forgotten", forgot_fields);

static const struct ag_field reset_fields[] = {
    AG_FIELD(struct ag_reset_input, token, AG_F_STRING, AG_FF_REQUIRED | AG_FF_SECRET, .min = 1,
             .max = 200, .doc = "What stands behind `#token=` in the link"),
    AG_FIELD(struct ag_reset_input, password, AG_F_STRING,
             AG_FF_REQUIRED | AG_FF_SECRET | AG_FF_NO_TRIM, .min = AG_PASSWORD_MIN,
             .max = AG_PASSWORD_MAX,
             .doc = "The new password: at least 8 characters, not a common "
                    "one"),
};
AG_SCHEMA(ag_reset_schema, "ResetPassword", struct ag_reset_input,
          "A new password by a link from a mail", reset_fields);

static const struct ag_field reauthenticate_fields[] = {
    AG_FIELD(struct ag_password_input, password, AG_F_STRING,
             AG_FF_REQUIRED | AG_FF_SECRET | AG_FF_NO_TRIM, .min = 1, .max = AG_PASSWORD_MAX,
             .doc = "The account's password"),
};
AG_SCHEMA(ag_reauthenticate_schema, "Reauthentication", struct ag_password_input,
          "Proof of who one is", reauthenticate_fields);

static const struct ag_field me_fields[] = {
    AG_FIELD(struct ag_me, id, AG_F_UUID, AG_FF_REQUIRED, .doc = "The account"),
    AG_FIELD(struct ag_me, name, AG_F_STRING, AG_FF_REQUIRED, .doc = "Name shown to others",
             .example = "\"John Doe\""),
    AG_FIELD(struct ag_me, email, AG_F_STRING, AG_FF_REQUIRED | AG_FF_EMAIL,
             .doc = "E-mail address, in lower case", .example = "\"user@example.com\""),
    AG_FIELD(struct ag_me, role, AG_F_ENUM, AG_FF_REQUIRED, .choices = "user|admin",
             .doc = "System role: `admin` administers the whole server"),
    AG_FIELD(struct ag_me, org_id, AG_F_UUID, AG_FF_REQUIRED,
             .doc = "The account's personal organisation"),
    AG_FIELD(struct ag_me, email_verified, AG_F_BOOL, AG_FF_REQUIRED,
             .doc = "Whether the e-mail address is proved to be the person's"),
    AG_FIELD(struct ag_me, has_password, AG_F_BOOL, AG_FF_REQUIRED,
             .doc = "Whether it can sign in with a password"),
    AG_FIELD(struct ag_me, org, AG_F_OBJECT, AG_FF_REQUIRED, .sub = &ag_org_schema,
             .doc = "The organisation that this session or key acts in"),
    AG_FIELD(struct ag_me, permissions, AG_F_LIST, AG_FF_REQUIRED, .item = AG_F_STRING,
             .doc = "What this session or key may do there"),
    [AG_ME_RECENT_UNTIL] = AG_FIELD(struct ag_me, recent_until, AG_F_TIME,
                                    AG_FF_REQUIRED | AG_FF_NULLABLE,
                                    .doc = "Until when this session may do what needs a recent "
                                           "sign-in; null for API keys"),
    AG_FIELD(struct ag_me, created_at, AG_F_TIME, AG_FF_REQUIRED, .doc = "When it registered"),
};
AG_SCHEMA(ag_me_schema, "Me", struct ag_me, "The current account and what it may do", me_fields);

static const struct ag_field grant_fields[] = {
    AG_FIELD(struct ag_grant, token, AG_F_STRING, AG_FF_REQUIRED,
             .doc = "Access token (JWT) for `Authorization: Bearer`"),
    AG_FIELD(struct ag_grant, expires_at, AG_F_TIME, AG_FF_REQUIRED, .doc = "When it expires"),
    AG_FIELD(struct ag_grant, refresh_token, AG_F_STRING, AG_FF_REQUIRED,
             .doc = "Trades for a new pair once; using it twice ends the session"),
    AG_FIELD(struct ag_grant, refresh_expires_at, AG_F_TIME, AG_FF_REQUIRED,
             .doc = "When the refresh token expires"),
    AG_FIELD(struct ag_grant, user, AG_F_OBJECT, AG_FF_REQUIRED, .sub = &ag_user_schema,
             .doc = "The account"),
};
AG_SCHEMA(ag_grant_schema, "Grant", struct ag_grant, "A signed-in session", grant_fields);

#define API_KEY_INPUT_FIELDS(required, flags)                                                      \
    AG_FIELD(struct ag_api_key_input, name, AG_F_STRING, required, .min = 1, .max = 100,           \
             .doc = "What it is used for", .example = "\"CI pipeline\""),                          \
        AG_FIELD(struct ag_api_key_input, expires_at, AG_F_TIME, AG_FF_NULLABLE | (flags),         \
                 .doc = "When it ends; never without"),                                            \
        AG_FIELD(struct ag_api_key_input, requests_per_minute, AG_F_INT, AG_FF_NULLABLE | (flags), \
                 .min = 1, .max = AG_KEY_MAX_PER_MINUTE,                                           \
                 .doc = "Its own limit of requests, beside that of its organisation",              \
                 .example = "60"),                                                                 \
        AG_FIELD(struct ag_api_key_input, agent_ids, AG_F_LIST, 0, .item = AG_F_UUID,              \
                 .max = AG_KEY_MAX_AGENTS,                                                         \
                 .doc = "Agents to limit it to: it uses these, and nothing that is no agent; "     \
                        "without any there is no such limit")

static const struct ag_field api_key_input_fields[] = {
    API_KEY_INPUT_FIELDS(AG_FF_REQUIRED, 0),
    AG_FIELD(struct ag_api_key_input, scopes, AG_F_LIST, 0, .item = AG_F_STRING, .max = 64,
             .item_min = 1, .item_max = 50,
             .doc = "Permissions to limit it to; without any it may do what its owner may in the "
                    "organisation. Those of a shared key, and those that administer the server, "
                    "must be listed",
             .example = "[\"ai:run\"]"),
    AG_FIELD(struct ag_api_key_input, shared, AG_F_BOOL, 0,
             .doc = "Whether it is the organisation's own: it stays when its maker leaves, and is "
                    "made and revoked with `keys:manage`"),
};
AG_SCHEMA(ag_api_key_input_schema, "ApiKeyInput", struct ag_api_key_input, "A new API key",
          api_key_input_fields);

static const struct ag_field api_key_patch_fields[] = {API_KEY_INPUT_FIELDS(0, AG_FF_CLEARS)};
AG_SCHEMA(ag_api_key_patch_schema, "ApiKeyPatch", struct ag_api_key_input,
          "What changes of an API key; null takes an expiry or a limit away", api_key_patch_fields);

/* ---- agents and prompts ---- */

#define AGENT_INPUT_FIELDS(required, description_flags)                                            \
    AG_FIELD(struct ag_agent_input, name, AG_F_STRING, required, .min = 1,                         \
             .max = AG_AGENT_NAME_MAX, .doc = "Its name", .example = "\"Customer Support Bot\""),  \
        AG_FIELD(struct ag_agent_input, description, AG_F_STRING,                                  \
                 AG_FF_NULLABLE | (description_flags), .max = 2000, .doc = "What it is for",       \
                 .example = "\"Handles customer inquiries automatically\""),                       \
        AG_FIELD(struct ag_agent_input, config, AG_F_OBJECT, required,                             \
                 .sub = &ag_agent_config_schema, .doc = "How it answers",                          \
                 .example = "{\"temperature\":0.7,\"response_style\":\"formal\"}")

static const struct ag_field new_agent_fields[] = {
    AGENT_INPUT_FIELDS(0, 0),
    [AG_AGENT_INPUT_DRAFT] = AG_FIELD(struct ag_agent_input, draft, AG_F_OBJECT, 0,
                                      .sub = &ag_agent_draft_schema,
                                      .doc = "Instead of name, description and config: something "
                                             "to go on with"),
    [AG_AGENT_INPUT_VISIBILITY] = AG_FIELD(struct ag_agent_input, visibility, AG_F_ENUM, 0,
                                           .choices = "private|organization",
                                           .doc = "Its creator alone, or the organisation, as "
                                                  "without it"),
};
AG_SCHEMA(ag_new_agent_schema, "NewAgent", struct ag_agent_input,
          "A new agent: `name` and `config`, or a `draft`", new_agent_fields);

static const struct ag_field agent_input_fields[] = {AGENT_INPUT_FIELDS(AG_FF_REQUIRED, 0)};
AG_SCHEMA(ag_agent_input_schema, "AgentInput", struct ag_agent_input,
          "The whole of a changed agent", agent_input_fields);

static const struct ag_field agent_patch_fields[] = {AGENT_INPUT_FIELDS(0, AG_FF_CLEARS)};
AG_SCHEMA(ag_agent_patch_schema, "AgentPatch", struct ag_agent_input,
          "What changes of an agent; null takes the description away", agent_patch_fields);

static const struct ag_field prompt_metadata_fields[] = {
    AG_FIELD(struct ag_prompt_metadata, category, AG_F_STRING, 0, .max = 100,
             .doc = "Category in the library", .example = "\"Business\""),
    AG_FIELD(struct ag_prompt_metadata, tags, AG_F_LIST, 0, .item = AG_F_STRING, .max = 20,
             .item_min = 1, .item_max = 50, .doc = "Tags in the library",
             .example = "[\"email\",\"client\",\"professional\"]"),
};
AG_SCHEMA(ag_prompt_metadata_schema, "PromptMetadata", struct ag_prompt_metadata,
          "How a prompt is filed", prompt_metadata_fields);

static const struct ag_field prompt_input_fields[] = {
    AG_FIELD(struct ag_prompt_input, name, AG_F_STRING, AG_FF_NULLABLE, .max = 100,
             .doc = "Its name in the library", .example = "\"Reply to an inquiry\""),
    AG_FIELD(struct ag_prompt_input, prompt_text, AG_F_STRING, AG_FF_REQUIRED | AG_FF_NO_TRIM,
             .min = 1, .max = 65536, .doc = "The text; `{{name}}` marks a variable",
             .example = "\"Generate a professional email response to a client inquiry.\""),
    AG_FIELD(struct ag_prompt_input, metadata, AG_F_OBJECT, 0, .sub = &ag_prompt_metadata_schema,
             .doc = "How it is filed"),
};
AG_SCHEMA(ag_prompt_input_schema, "PromptInput", struct ag_prompt_input,
          "A new prompt, or the whole of a changed one", prompt_input_fields);

#define CURSOR_QUERY_FIELDS                                                                        \
    AG_FIELD(struct ag_list_query, limit, AG_F_INT, 0, .min = 1, .max = 100, .def = "20",          \
             .doc = "Items per page"),                                                             \
        AG_FIELD(struct ag_list_query, cursor, AG_F_STRING, 0, .min = 1, .max = 700,               \
                 .doc = "`next_cursor` of the page before")

static const struct ag_field cursor_query_fields[] = {CURSOR_QUERY_FIELDS};
AG_SCHEMA(ag_cursor_query_schema, NULL, struct ag_list_query, "A page of a list",
          cursor_query_fields);

#define LIST_QUERY_FIELDS                                                                          \
    CURSOR_QUERY_FIELDS,                                                                           \
        AG_FIELD(struct ag_list_query, q, AG_F_STRING, 0, .max = 200,                              \
                 .doc = "Only what contains this text, in either case"),                           \
        AG_FIELD(struct ag_list_query, sort, AG_F_ENUM, 0,                                         \
                 .choices = "created_at|-created_at|updated_at|-updated_at|name|-name",            \
                 .doc = "Order; `-` for descending. Newest first without it")
#define LIST_FILTER(index, name_, type_, ...)                                                      \
    {                                                                                              \
        .name = (name_), .type = (type_),                                                          \
        .offset = offsetof(struct ag_list_query, filters[index]), __VA_ARGS__                      \
    }

static const struct ag_field agent_query_fields[] = {
    LIST_QUERY_FIELDS,
    LIST_FILTER(0, "status", AG_F_ENUM, .choices = "draft|published",
                .doc = "Only agents in this state"),
    LIST_FILTER(1, "provider", AG_F_STRING, .max = 50,
                .doc = "Only agents whose configuration names this provider"),
};
AG_SCHEMA(ag_agent_query_schema, NULL, struct ag_list_query, "A page of agents",
          agent_query_fields);

static const struct ag_field prompt_query_fields[] = {
    LIST_QUERY_FIELDS,
    LIST_FILTER(0, "category", AG_F_STRING, .max = 100, .doc = "Only prompts of this category"),
    LIST_FILTER(1, "tag", AG_F_STRING, .max = 50, .doc = "Only prompts with this tag"),
};
AG_SCHEMA(ag_prompt_query_schema, NULL, struct ag_list_query, "A page of prompts",
          prompt_query_fields);

static const struct ag_field account_query_fields[] = {
    CURSOR_QUERY_FIELDS,
    AG_FIELD(struct ag_list_query, q, AG_F_STRING, 0, .max = 200,
             .doc = "Only accounts whose name or address contains this text, in either case"),
    LIST_FILTER(0, "status", AG_F_ENUM, .choices = "active|suspended",
                .doc = "Only accounts in this state"),
    LIST_FILTER(1, "role", AG_F_ENUM, .choices = "user|admin", .doc = "Only accounts of this role"),
};
AG_SCHEMA(ag_account_query_schema, NULL, struct ag_list_query, "A page of accounts",
          account_query_fields);

static const struct ag_field standing_fields[] = {
    [AG_STANDING_STATUS] = AG_FIELD(
        struct ag_standing_input, status, AG_F_ENUM, 0, .choices = "active|suspended",
        .doc = "`suspended`: its sessions and keys are refused, and it cannot sign in"),
    [AG_STANDING_ROLE] = AG_FIELD(struct ag_standing_input, role, AG_F_ENUM, 0,
                                  .choices = "user|admin",
                                  .doc = "`admin` administers the whole server"),
};
AG_SCHEMA(ag_standing_input_schema, "AdminUserInput", struct ag_standing_input,
          "Changes of an account", standing_fields);

/* ---- running ---- */

static const struct ag_field generate_fields[] = {
    AG_FIELD(struct ag_generate_input, agent_id, AG_F_UUID, AG_FF_REQUIRED,
             .doc = "The agent to run"),
    AG_FIELD(struct ag_generate_input, input_text, AG_F_STRING, AG_FF_REQUIRED | AG_FF_NO_TRIM,
             .min = 1, .max = 200000, .doc = "What the user says",
             .example = "\"How can I reset my password?\""),
    [AG_GENERATE_CONVERSATION] = AG_FIELD(
        struct ag_generate_input, conversation_id, AG_F_UUID, AG_FF_NULLABLE,
        .doc = "Goes on with this conversation; a new one without"),
    AG_FIELD(struct ag_generate_input, variables, AG_F_MAP, 0, .max = 50, .item_max = 4000,
             .doc = "Values of the agent's variables"),
    [AG_GENERATE_STREAM] = AG_FIELD(struct ag_generate_input, stream, AG_F_BOOL, 0,
                                    .doc = "Answer as server-sent events"),
    [AG_GENERATE_METADATA] = AG_FIELD(struct ag_generate_input, metadata, AG_F_JSON, 0, .max = 4096,
                                      .doc = "Anything to find with the run later"),
};
AG_SCHEMA(ag_generate_schema, "Generate", struct ag_generate_input, "A question to an agent",
          generate_fields);

static const struct ag_field chat_message_fields[] = {
    AG_FIELD(struct ag_chat_message, role, AG_F_ENUM, AG_FF_REQUIRED, .choices = "user|assistant",
             .doc = "Who spoke"),
    AG_FIELD(struct ag_chat_message, content, AG_F_STRING, AG_FF_REQUIRED | AG_FF_NO_TRIM, .min = 1,
             .max = 65536, .doc = "What was said"),
};
AG_SCHEMA(ag_chat_message_schema, "ChatMessage", struct ag_chat_message,
          "One turn of a conversation", chat_message_fields);

static const struct ag_field preview_fields[] = {
    AG_FIELD(struct ag_preview_input, config, AG_F_OBJECT, AG_FF_REQUIRED,
             .sub = &ag_agent_config_schema, .doc = "The configuration to try, saved or not"),
    AG_FIELD(struct ag_preview_input, input_text, AG_F_STRING, AG_FF_REQUIRED | AG_FF_NO_TRIM,
             .min = 1, .max = 200000, .doc = "What the user says"),
    AG_FIELD(struct ag_preview_input, messages, AG_F_LIST, 0, .item = AG_F_OBJECT,
             .sub = &ag_chat_message_schema, .max = 200,
             .doc = "The conversation so far, oldest first"),
    AG_FIELD(struct ag_preview_input, variables, AG_F_MAP, 0, .max = 50, .item_max = 4000,
             .doc = "Values of the variables"),
    AG_FIELD(struct ag_preview_input, stream, AG_F_BOOL, 0, .doc = "Answer as server-sent events"),
};
AG_SCHEMA(ag_preview_schema, "Preview", struct ag_preview_input,
          "A question to a configuration that need not be saved", preview_fields);

static const struct ag_field compare_fields[] = {
    AG_FIELD(struct ag_compare_input, config, AG_F_OBJECT, AG_FF_REQUIRED,
             .sub = &ag_agent_config_schema,
             .doc = "The configuration to try; its own model and fallbacks are passed over"),
    AG_FIELD(struct ag_compare_input, input_text, AG_F_STRING, AG_FF_REQUIRED | AG_FF_NO_TRIM,
             .min = 1, .max = 200000, .doc = "What the user says"),
    AG_FIELD(struct ag_compare_input, messages, AG_F_LIST, 0, .item = AG_F_OBJECT,
             .sub = &ag_chat_message_schema, .max = 200,
             .doc = "The conversation so far, oldest first"),
    AG_FIELD(struct ag_compare_input, variables, AG_F_MAP, 0, .max = 50, .item_max = 4000,
             .doc = "Values of the variables"),
    AG_FIELD(struct ag_compare_input, models, AG_F_LIST, AG_FF_REQUIRED, .item = AG_F_STRING,
             .min = 2, .max = AG_MAX_LANES, .item_min = 3, .item_max = 260,
             .doc = "Models to ask, as `provider/model`; a model's place is its lane",
             .example = "[\"sandbox/sandbox\", \"sandbox/sandbox\"]"),
};
AG_SCHEMA(ag_compare_schema, "Compare", struct ag_compare_input,
          "A question to several models at the same time", compare_fields);

static const struct ag_field validate_fields[] = {
    [AG_VALIDATE_PROMPT_TEXT] = AG_FIELD(struct ag_validate_input, prompt_text, AG_F_STRING,
                                         AG_FF_NO_TRIM, .min = 1, .max = 65536,
                                         .doc = "The prompt to test; this or `prompt_id`"),
    [AG_VALIDATE_PROMPT_ID] = AG_FIELD(struct ag_validate_input, prompt_id, AG_F_UUID, 0,
                                       .doc = "A saved prompt to test"),
    [AG_VALIDATE_MODELS] = AG_FIELD(struct ag_validate_input, models, AG_F_LIST, 0,
                                    .item = AG_F_STRING, .min = 1, .max = 4, .item_min = 3,
                                    .item_max = 260,
                                    .doc = "Models to ask, as `provider/model`; the server's "
                                           "default without any",
                                    .example = "[\"sandbox/sandbox\"]"),
    AG_FIELD(struct ag_validate_input, variables, AG_F_MAP, 0, .max = 50, .item_max = 4000,
             .doc = "Values of the prompt's variables"),
    AG_FIELD(struct ag_validate_input, input_text, AG_F_STRING, AG_FF_NO_TRIM, .max = 200000,
             .doc = "What the user says; without it the prompt itself is the question"),
    AG_FIELD(struct ag_validate_input, stream, AG_F_BOOL, 0, .doc = "Answer as server-sent events"),
};
AG_SCHEMA(ag_validate_schema, "Validate", struct ag_validate_input, "A prompt to test",
          validate_fields);

static const struct ag_field usage_fields[] = {
    AG_FIELD(struct ag_usage_doc, input_tokens, AG_F_INT, AG_FF_REQUIRED, .doc = "Tokens read"),
    AG_FIELD(struct ag_usage_doc, output_tokens, AG_F_INT, AG_FF_REQUIRED, .doc = "Tokens written"),
};
AG_SCHEMA(ag_usage_schema, "Usage", struct ag_usage_doc, "Tokens, as the provider counts them",
          usage_fields);

static const struct ag_field generation_fields[] = {
    AG_FIELD(struct ag_generation, response, AG_F_STRING, AG_FF_REQUIRED,
             .max = AG_RUN_MAX_OUTPUT_BYTES, .doc = "The answer",
             .example = "\"To reset your password, go to the settings page and select 'Reset "
                        "Password'.\""),
    AG_FIELD(struct ag_generation, run_id, AG_F_UUID, AG_FF_REQUIRED, .doc = "The run"),
    [AG_GENERATION_CONVERSATION] = AG_FIELD(struct ag_generation, conversation_id, AG_F_UUID,
                                            AG_FF_REQUIRED | AG_FF_NULLABLE,
                                            .doc = "Give it back to go on with the conversation"),
    [AG_GENERATION_VERSION] = AG_FIELD(struct ag_generation, agent_version, AG_F_INT,
                                       AG_FF_REQUIRED | AG_FF_NULLABLE,
                                       .doc = "Version of the agent that answered"),
    AG_FIELD(struct ag_generation, model, AG_F_STRING, AG_FF_REQUIRED,
             .doc = "The model that answered, as `provider/model`"),
    AG_FIELD(struct ag_generation, cached, AG_F_BOOL, AG_FF_REQUIRED,
             .doc = "Whether a stored answer was used"),
    AG_FIELD(struct ag_generation, usage, AG_F_OBJECT, AG_FF_REQUIRED, .sub = &ag_usage_schema,
             .doc = "What it took"),
    AG_FIELD(struct ag_generation, latency_ms, AG_F_INT, AG_FF_REQUIRED,
             .doc = "Time to the end of the answer, milliseconds"),
    AG_FIELD(struct ag_generation, ttft_ms, AG_F_INT, AG_FF_REQUIRED,
             .doc = "Time to the first token, milliseconds"),
    [AG_GENERATION_FINISH] = AG_FIELD(
        struct ag_generation, finish_reason, AG_F_STRING, AG_FF_REQUIRED | AG_FF_NULLABLE,
        .doc = "Why the model stopped: stop, length, content_filter or tool_calls"),
};
AG_SCHEMA(ag_generation_schema, "Generation", struct ag_generation, "An agent's answer",
          generation_fields);

static const struct ag_field validation_error_fields[] = {
    AG_FIELD(struct ag_validation_error, code, AG_F_STRING, AG_FF_REQUIRED,
             .doc = "A `code` of the error reference"),
    AG_FIELD(struct ag_validation_error, message, AG_F_STRING, AG_FF_REQUIRED,
             .doc = "What happened"),
};
AG_SCHEMA(ag_validation_error_schema, "ModelError", struct ag_validation_error,
          "Why a model did not answer", validation_error_fields);

static const struct ag_field validation_result_fields[] = {
    AG_FIELD(struct ag_validation_result, model, AG_F_STRING, AG_FF_REQUIRED,
             .doc = "The model asked, as `provider/model`"),
    AG_FIELD(struct ag_validation_result, run_id, AG_F_UUID, AG_FF_REQUIRED, .doc = "The run"),
    AG_FIELD(struct ag_validation_result, response, AG_F_STRING, AG_FF_REQUIRED,
             .max = AG_RUN_MAX_OUTPUT_BYTES, .doc = "Its answer, or the part that came"),
    AG_FIELD(struct ag_validation_result, usage, AG_F_OBJECT, AG_FF_REQUIRED,
             .sub = &ag_usage_schema, .doc = "What it took"),
    AG_FIELD(struct ag_validation_result, latency_ms, AG_F_INT, AG_FF_REQUIRED,
             .doc = "Time to the end of the answer, milliseconds"),
    AG_FIELD(struct ag_validation_result, ttft_ms, AG_F_INT, AG_FF_REQUIRED,
             .doc = "Time to the first token, milliseconds"),
    [AG_RESULT_FINISH] = AG_FIELD(struct ag_validation_result, finish_reason, AG_F_STRING,
                                  AG_FF_REQUIRED | AG_FF_NULLABLE, .doc = "Why the model stopped"),
    [AG_RESULT_ERROR] = AG_FIELD(
        struct ag_validation_result, error, AG_F_OBJECT, AG_FF_REQUIRED | AG_FF_NULLABLE,
        .sub = &ag_validation_error_schema, .doc = "Why it did not answer"),
};
AG_SCHEMA(ag_validation_result_schema, "ValidationResult", struct ag_validation_result,
          "What one model made of the prompt", validation_result_fields);

static const struct ag_field finding_fields[] = {
    AG_FIELD(struct ag_finding, code, AG_F_STRING, AG_FF_REQUIRED, .doc = "Kind of finding",
             .example = "\"unset_variable\""),
    AG_FIELD(struct ag_finding, severity, AG_F_ENUM, AG_FF_REQUIRED, .choices = "warning|info",
             .doc = "How much it matters"),
    AG_FIELD(struct ag_finding, message, AG_F_STRING, AG_FF_REQUIRED, .doc = "What to look at"),
};
AG_SCHEMA(ag_finding_schema, "Finding", struct ag_finding, "A remark on the prompt itself",
          finding_fields);

static const struct ag_field validation_fields[] = {
    AG_FIELD(struct ag_validation, results, AG_F_LIST, AG_FF_REQUIRED, .item = AG_F_OBJECT,
             .sub = &ag_validation_result_schema,
             .doc = "One result per model, in the order asked"),
    AG_FIELD(struct ag_validation, findings, AG_F_LIST, AG_FF_REQUIRED, .item = AG_F_OBJECT,
             .sub = &ag_finding_schema, .doc = "Remarks on the prompt"),
};
AG_SCHEMA(ag_validation_schema, "Validation", struct ag_validation, "A tested prompt",
          validation_fields);

static const struct ag_field findings_fields[] = {
    AG_FIELD(struct ag_validation, findings, AG_F_LIST, AG_FF_REQUIRED, .item = AG_F_OBJECT,
             .sub = &ag_finding_schema, .doc = "Remarks on the prompt"),
};
AG_SCHEMA(ag_findings_schema, "Findings", struct ag_validation, "What is said before the answers",
          findings_fields);
