/* What an administrator of the server does about limits. */
#include "core/limits.h"

#include "core/accounts.h"
#include "core/internal.h"

static const struct ag_uuid nobody;

/* ---- settings ---- */

struct settings_change {
    struct ag_scope *scope;
    const struct ag_settings *input;
};

static enum ag_err encode(const struct ag_settings *change, struct ag_arena *arena,
                          struct ag_str *ret_json)
{
    struct ag_buf json;
    ag_buf_init(&json, arena, 4096);
    AG_TRY(ag_fields_encode(&ag_settings_input_schema, change, &json));
    *ret_json = ag_buf_str(&json);
    return AG_OK;
}

static enum ag_err settings_tx(struct ag_tx *tx, void *arg)
{
    struct settings_change *change = arg;
    struct ag_settings stored = {.set = 0};
    struct ag_str json, what;
    AG_TRY(ag_admin_actor(tx, change->scope));
    enum ag_err err = ag_settings_lock(tx, &json);
    if (err == AG_OK) err = ag_settings_decode(json, ag_tx_arena(tx), &stored);
    /* What nobody can read is replaced. */
    if (err != AG_OK && err != AG_E_NOT_FOUND && err != AG_E_INVALID && err != AG_E_BAD_JSON)
        return err;
    ag_settings_overlay(&stored, change->input);
    AG_TRY(encode(&stored, ag_tx_arena(tx), &json));
    AG_TRY(encode(change->input, ag_tx_arena(tx), &what));
    AG_TRY(ag_settings_write(tx, json, ag_wall_ms()));
    return ag_audit_in(tx, change->scope, nobody, change->scope->who.user_id, "settings.changed",
                       what);
}

enum ag_err ag_settings_change(struct ag_scope *scope, const struct ag_settings *input,
                               struct ag_settings *ret_settings)
{
    struct settings_change change = {.scope = scope, .input = input};
    if (input->set != 0) {
        AG_TRY(ag_db_write(scope->core->db, scope->arena, settings_tx, &change));
        ag_policy_changed(scope->core);
    }
    *ret_settings = ag_settings(scope->core);
    return AG_OK;
}

/* ---- blocks ---- */

static const struct ag_field block_input_fields[] = {
    AG_FIELD(struct ag_block_input, address, AG_F_STRING, AG_FF_REQUIRED, .min = 1, .max = 50,
             .doc = "The address; of IPv6 its network of 64 bits is blocked",
             .example = "\"192.0.2.7\""),
    AG_FIELD(struct ag_block_input, minutes, AG_F_INT, AG_FF_REQUIRED, .min = 1, .max = 525600,
             .doc = "For how long"),
    [AG_BLOCK_INPUT_REASON] = AG_FIELD(struct ag_block_input, reason, AG_F_STRING, AG_FF_NULLABLE,
                                       .max = 200, .doc = "Why, for other administrators"),
};
AG_SCHEMA(ag_block_input_schema, "BlockInput", struct ag_block_input, "An address to block",
          block_input_fields);

struct ag_str ag_address_subject(const struct ag_address *address, char out[AG_BLOCK_SUBJECT_BYTES])
{
    struct ag_address network = *address;
    if (address->bits == 0) return (struct ag_str){0};
    if (address->bits == 128) memset(network.bytes + 8, 0, 8);
    char text[AG_ADDRESS_TEXT_BYTES];
    int len = snprintf(out, AG_BLOCK_SUBJECT_BYTES, "%s%s", ag_address_format(&network, text).data,
                       address->bits == 128 ? "/64" : "");
    return ag_str_n(out, (size_t)len);
}

/* An address, also with the length of its network behind it. */
static enum ag_err parse_subject(struct ag_str text, struct ag_address *ret_address)
{
    struct ag_str name = ag_str_trim(text);
    if (ag_str_ends_with(name, AG_STR("/64"))) {
        name.len -= 3;
        AG_TRY(ag_address_parse(name, ret_address));
        return ret_address->bits == 128 ? AG_OK : AG_E_INVALID;
    }
    return ag_address_parse(name, ret_address);
}

static struct ag_str block_details(struct ag_arena *arena, const struct ag_block *block)
{
    char id[AG_UUID_TEXT_BYTES];
    /* Of an account the id must do: its address is not for whoever reads the log. */
    struct ag_str subject = ag_str_eq(block->kind, AG_STR("address")) ? block->subject : AG_STR("");
    struct ag_str details = ag_arena_printf(
        arena, "{\"block_id\":\"%s\",\"kind\":\"%.*s\"%s%.*s%s}",
        ag_uuid_format(block->id, id).data, AG_STR_ARG(block->kind),
        subject.len > 0 ? ",\"address\":\"" : "", AG_STR_ARG(subject), subject.len > 0 ? "\"" : "");
    return details.data ? details : AG_STR("{}");
}

struct block_change {
    struct ag_scope *scope;
    struct ag_block block;
    int64_t count;
};

static enum ag_err block_create_tx(struct ag_tx *tx, void *arg)
{
    struct block_change *change = arg;
    bool made;
    AG_TRY(ag_admin_actor(tx, change->scope));
    AG_TRY(ag_blocks_put(tx, &change->block, true, &made));
    return ag_audit_in(tx, change->scope, nobody, change->scope->who.user_id, "block.created",
                       block_details(ag_tx_arena(tx), &change->block));
}

static enum ag_err bad_address(struct ag_scope *scope, const char *message)
{
    ag_field_error(scope->errors, scope->arena, "address", "format", "%s", message);
    return ag_fail(AG_E_INVALID, "the address cannot be blocked");
}

enum ag_err ag_block_create(struct ag_scope *scope, const struct ag_block_input *input,
                            const struct ag_address *own, struct ag_block *ret_block)
{
    struct ag_address address;
    char subject[AG_BLOCK_SUBJECT_BYTES], own_subject[AG_BLOCK_SUBJECT_BYTES];
    struct ag_user user;
    if (parse_subject(input->address, &address) != AG_OK)
        return bad_address(scope, "must be an address such as 192.0.2.7 or 2001:db8::1");
    struct ag_str text = ag_address_subject(&address, subject);
    if (ag_str_eq(text, ag_address_subject(own, own_subject)))
        return bad_address(scope,
                           "is the one this request comes from: you would lock yourself out");
    AG_TRY(ag_users_by_id(scope->core->db, scope->arena, scope->who.user_id, &user));
    int64_t now = ag_wall_ms();
    struct block_change change = {
        .scope = scope,
        .block = {.id = ag_uuid_new(),
                  .kind = AG_STR("address"),
                  .subject = ag_arena_copy(scope->arena, text),
                  .reason = input->reason.len > 0 ? input->reason : AG_STR("By an administrator"),
                  .created_by = user.id,
                  .created_by_name = user.name,
                  .created_at = now,
                  .expires_at = now + input->minutes * 60 * 1000},
    };
    if (!change.block.subject.data) return ag_fail(AG_E_NO_MEMORY, "no memory for a block");
    AG_SET(&change.block, AG_BLOCK_CREATED_BY);
    AG_SET(&change.block, AG_BLOCK_CREATED_BY_NAME);
    AG_TRY(ag_db_write(scope->core->db, scope->arena, block_create_tx, &change));
    ag_policy_changed(scope->core);
    *ret_block = change.block;
    return AG_OK;
}

static enum ag_err block_lift_tx(struct ag_tx *tx, void *arg)
{
    struct block_change *change = arg;
    AG_TRY(ag_admin_actor(tx, change->scope));
    AG_TRY(ag_blocks_delete(tx, change->block.id, &change->block));
    return ag_audit_in(tx, change->scope, nobody, change->scope->who.user_id, "block.lifted",
                       block_details(ag_tx_arena(tx), &change->block));
}

enum ag_err ag_block_lift(struct ag_scope *scope, struct ag_uuid id)
{
    struct block_change change = {.scope = scope, .block = {.id = id}};
    AG_TRY(ag_db_write(scope->core->db, scope->arena, block_lift_tx, &change));
    struct ag_settings settings = ag_settings(scope->core);
    ag_attempts_forget(scope->core, &settings, change.block.kind, change.block.subject);
    ag_policy_changed(scope->core);
    return AG_OK;
}

static enum ag_err lift_subject_tx(struct ag_tx *tx, void *arg)
{
    struct block_change *change = arg;
    AG_TRY(ag_blocks_delete_subject(tx, change->block.subject, &change->count));
    if (change->count == 0) return AG_OK;
    return ag_audit_in(tx, change->scope, nobody, nobody, "block.lifted",
                       AG_STR("{\"by\":\"command line\"}"));
}

enum ag_err ag_block_lift_subject(struct ag_scope *scope, struct ag_str text,
                                  struct ag_str *ret_subject)
{
    struct ag_address address;
    char subject[AG_BLOCK_SUBJECT_BYTES];
    struct block_change change = {.scope = scope};
    if (parse_subject(text, &address) == AG_OK) {
        change.block.kind = AG_STR("address");
        change.block.subject = ag_arena_copy(scope->arena, ag_address_subject(&address, subject));
    } else {
        change.block.kind = AG_STR("account");
        AG_TRY(ag_email_normal(scope->arena, text, &change.block.subject));
    }
    if (!change.block.subject.data) return ag_fail(AG_E_NO_MEMORY, "no memory for a block");
    AG_TRY(ag_db_write(scope->core->db, scope->arena, lift_subject_tx, &change));
    if (change.count == 0)
        return ag_fail(AG_E_NOT_FOUND, "there is no block of %.*s",
                       AG_STR_ARG(change.block.subject));
    struct ag_settings settings = ag_settings(scope->core);
    ag_attempts_forget(scope->core, &settings, change.block.kind, change.block.subject);
    ag_policy_changed(scope->core);
    *ret_subject = change.block.subject;
    return AG_OK;
}

/* ---- plans ---- */

static const struct ag_field plan_input_fields[] = {
    [AG_PLAN_INPUT_PLAN] = AG_FIELD(struct ag_plan_input, plan, AG_F_ENUM, 0,
                                    .choices = "free|premium", .doc = "The plan"),
    [AG_PLAN_INPUT_PER_MINUTE] = AG_FIELD(struct ag_plan_input, requests_per_minute, AG_F_INT,
                                          AG_FF_NULLABLE | AG_FF_CLEARS, .min = 1,
                                          .max = AG_PER_MINUTE_MAX,
                                          .doc = "Requests a minute of each member in place of the "
                                                 "plan's; null for the plan's"),
};
AG_SCHEMA(ag_plan_input_schema, "OrganizationPlanInput", struct ag_plan_input,
          "What changes of an organisation's plan", plan_input_fields);

struct plan_change {
    struct ag_scope *scope;
    const struct ag_plan_input *input;
    struct ag_uuid id;
    struct ag_org_plan org;
};

static enum ag_err note_plan(struct ag_tx *tx, const struct plan_change *change)
{
    const struct ag_org_plan *org = &change->org;
    const struct ag_uuid who = change->scope->who.user_id;
    char id[AG_UUID_TEXT_BYTES], rate[24] = "null";
    if (ag_doc_has(org, AG_ORG_PLAN_PER_MINUTE))
        snprintf(rate, sizeof(rate), "%lld", (long long)org->requests_per_minute);
    struct ag_str details = ag_arena_printf(
        ag_tx_arena(tx), "{\"org_id\":\"%s\",\"plan\":\"%.*s\",\"requests_per_minute\":%s}",
        ag_uuid_format(org->id, id).data, AG_STR_ARG(org->plan), rate);
    if (!details.data) return ag_fail(AG_E_NO_MEMORY, "no memory for an audit entry");
    /* The server's own log last, as everywhere: two transactions that write to the same two logs
     * take their ends in one order. */
    AG_TRY(ag_audit_in(tx, change->scope, org->id, who, "org.plan_changed", details));
    return ag_audit_in(tx, change->scope, nobody, who, "org.plan_changed", details);
}

static enum ag_err plan_tx(struct ag_tx *tx, void *arg)
{
    struct plan_change *change = arg;
    const struct ag_plan_input *input = change->input;
    AG_TRY(ag_admin_actor(tx, change->scope));
    AG_TRY(ag_org_plans_lock(tx, change->id, &change->org));
    if (input->set == 0) return AG_OK;
    if (ag_doc_has(input, AG_PLAN_INPUT_PLAN)) change->org.plan = input->plan;
    if (ag_doc_has(input, AG_PLAN_INPUT_PER_MINUTE)) {
        change->org.requests_per_minute = input->requests_per_minute;
        change->org.set &= ~(UINT64_C(1) << AG_ORG_PLAN_PER_MINUTE);
        if (input->requests_per_minute > 0) AG_SET(&change->org, AG_ORG_PLAN_PER_MINUTE);
    }
    AG_TRY(ag_org_plans_update(tx, &change->org, ag_wall_ms()));
    return note_plan(tx, change);
}

enum ag_err ag_plan_change(struct ag_scope *scope, struct ag_uuid org,
                           const struct ag_plan_input *input, struct ag_org_plan *ret_org)
{
    struct plan_change change = {.scope = scope, .input = input, .id = org};
    AG_TRY(ag_db_write(scope->core->db, scope->arena, plan_tx, &change));
    ag_access_changed(scope->core);
    *ret_org = change.org;
    return AG_OK;
}
