/* Entries of the audit log, each sealed with the hash of the one before. */
#include "core/audit.h"

#include "base/canonical.h"
#include "core/internal.h"

enum {
    DETAILS_MAX_BYTES = 16 * 1024,
    RECORD_MAX_BYTES = DETAILS_MAX_BYTES + 4096,
};

/* ---- hashes ---- */

struct ag_str ag_audit_hash_text(struct ag_str hash, char out[AG_AUDIT_HASH_TEXT_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    size_t n = AG_MIN(hash.len, (size_t)AG_AUDIT_HASH_BYTES);
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[(unsigned char)hash.data[i] >> 4];
        out[2 * i + 1] = digits[hash.data[i] & 15];
    }
    out[2 * n] = '\0';
    return ag_str_n(out, 2 * n);
}

static void put_id(struct ag_buf *out, bool present, struct ag_uuid id)
{
    char text[AG_UUID_TEXT_BYTES];
    if (present)
        ag_buf_json_string(out, ag_uuid_format(id, text));
    else
        ag_buf_append_lit(out, "null");
}

static void put_text(struct ag_buf *out, bool present, struct ag_str text)
{
    if (present)
        ag_buf_json_string(out, text);
    else
        ag_buf_append_lit(out, "null");
}

/* The canonical JSON of an entry: names in their order, as ag_json_canonical() writes it. */
static enum ag_err put_record(struct ag_buf *out, struct ag_uuid org,
                              const struct ag_activity *entry)
{
    char time[AG_TIME_TEXT_BYTES];
    ag_buf_append_lit(out, "{\"action\":");
    ag_buf_json_string(out, entry->action);
    ag_buf_append_lit(out, ",\"created_at\":");
    ag_buf_json_string(out, ag_time_format(entry->created_at, time));
    ag_buf_append_lit(out, ",\"credential\":");
    put_text(out, ag_doc_has(entry, AG_ACTIVITY_CREDENTIAL), entry->credential);
    ag_buf_append_lit(out, ",\"details\":");
    ag_buf_append_str(out, entry->details);
    ag_buf_append_lit(out, ",\"id\":");
    put_id(out, true, entry->id);
    ag_buf_append_lit(out, ",\"ip\":");
    put_text(out, ag_doc_has(entry, AG_ACTIVITY_IP), entry->ip);
    ag_buf_append_lit(out, ",\"key_id\":");
    put_id(out, ag_doc_has(entry, AG_ACTIVITY_KEY), entry->key_id);
    ag_buf_append_lit(out, ",\"org_id\":");
    put_id(out, true, org);
    ag_buf_append_lit(out, ",\"seq\":");
    ag_buf_append_int(out, entry->seq);
    ag_buf_append_lit(out, ",\"user_id\":");
    put_id(out, ag_doc_has(entry, AG_ACTIVITY_USER), entry->user_id);
    return ag_buf_append_char(out, '}');
}

enum ag_err ag_audit_hash(struct ag_arena *arena, struct ag_uuid org,
                          const struct ag_activity *entry,
                          const uint8_t before[AG_AUDIT_HASH_BYTES],
                          uint8_t ret_hash[AG_AUDIT_HASH_BYTES])
{
    struct ag_buf text;
    ag_buf_init(&text, arena, AG_AUDIT_HASH_BYTES + RECORD_MAX_BYTES + entry->details.len);
    ag_buf_append(&text, before, AG_AUDIT_HASH_BYTES);
    AG_TRY(put_record(&text, org, entry));
    ag_secret_hash(ag_buf_str(&text), ret_hash);
    return AG_OK;
}

void ag_audit_first_hash(struct ag_uuid org, int64_t before_chain,
                         uint8_t ret_hash[AG_AUDIT_HASH_BYTES])
{
    char id[AG_UUID_TEXT_BYTES], text[128];
    int len = snprintf(text, sizeof(text), "{\"before_chain\":%lld,\"org_id\":\"%s\"}",
                       (long long)before_chain, ag_uuid_format(org, id).data);
    ag_secret_hash(ag_str_n(text, (size_t)len), ret_hash);
}

/* ---- writing ---- */

/* Takes the end of the organisation's chain, which begins with its first entry. */
static enum ag_err take_head(struct ag_tx *tx, struct ag_uuid org, struct ag_audit_head *ret_head)
{
    enum ag_err err = ag_audit_head_lock(tx, org, ret_head);
    if (err != AG_E_NOT_FOUND) return err;
    struct ag_audit_head first = {.seq = 0};
    uint8_t hash[AG_AUDIT_HASH_BYTES];
    AG_TRY(ag_audit_unchained(tx, org, &first.before_chain));
    ag_audit_first_hash(org, first.before_chain, hash);
    first.hash = ag_str_n((const char *)hash, sizeof(hash));
    AG_TRY(ag_audit_head_insert(tx, org, &first));
    err = ag_audit_head_lock(tx, org, ret_head);
    return err == AG_E_NOT_FOUND ? ag_fail(AG_E_INTERNAL, "the chain has no head") : err;
}

static enum ag_err append(struct ag_tx *tx, struct ag_uuid org, struct ag_activity *entry)
{
    struct ag_audit_head head;
    struct ag_buf details;
    uint8_t *hash = ag_arena_alloc(ag_tx_arena(tx), AG_AUDIT_HASH_BYTES);
    if (!hash) return ag_fail(AG_E_NO_MEMORY, "no memory for an audit entry");
    AG_TRY(take_head(tx, org, &head));
    if (head.hash.len != AG_AUDIT_HASH_BYTES)
        return ag_fail(AG_E_INTERNAL, "the head of the audit log is not a hash");
    ag_buf_init(&details, ag_tx_arena(tx), DETAILS_MAX_BYTES);
    enum ag_err err = ag_json_canonical(ag_tx_arena(tx), entry->details, &details);
    if (err != AG_OK)
        return ag_fail_more(err == AG_E_NO_MEMORY ? err : AG_E_INTERNAL,
                            "details of an audit entry \"%.*s\"", AG_STR_ARG(entry->action));
    entry->details = ag_buf_str(&details);
    /* Made while the chain is ours, so that ids, times and numbers rise together. */
    entry->id = ag_uuid_new();
    entry->created_at = ag_uuid_time_ms(entry->id);
    entry->seq = head.seq + 1;
    AG_TRY(ag_audit_hash(ag_tx_arena(tx), org, entry, (const uint8_t *)head.hash.data, hash));
    entry->hash = ag_str_n((const char *)hash, AG_AUDIT_HASH_BYTES);
    return ag_audit_append(tx, org, entry);
}

static struct ag_str credential_name(enum ag_credential credential)
{
    if (credential == AG_CRED_TOKEN) return AG_STR("token");
    if (credential == AG_CRED_KEY) return AG_STR("key");
    return credential == AG_CRED_COOKIE ? AG_STR("cookie") : AG_STR("");
}

static bool is_declared(const char *action)
{
    for (size_t i = 0; i < ag_audit_action_count; i++)
        if (strcmp(ag_audit_actions[i].name, action) == 0) return true;
    return false;
}

enum ag_err ag_audit_write(struct ag_tx *tx, const struct ag_audit_note *note)
{
    if (!is_declared(note->action))
        return ag_fail(AG_E_INTERNAL, "action %s is not in src/core/audit_actions.c", note->action);
    struct ag_activity entry = {
        .action = ag_str(note->action),
        .details = note->details,
        .user_id = note->user,
        .ip = note->ip,
        .credential = credential_name(note->credential),
        .key_id = note->key,
    };
    if (!ag_uuid_is_nil(entry.user_id)) AG_SET(&entry, AG_ACTIVITY_USER);
    if (!ag_uuid_is_nil(entry.key_id)) AG_SET(&entry, AG_ACTIVITY_KEY);
    if (entry.ip.len > 0) AG_SET(&entry, AG_ACTIVITY_IP);
    if (entry.credential.len > 0) AG_SET(&entry, AG_ACTIVITY_CREDENTIAL);
    struct ag_tenant before = ag_tx_tenant_swap(tx, ag_tenant(note->org));
    enum ag_err err = append(tx, note->org, &entry);
    ag_tx_tenant_swap(tx, before);
    return err;
}

enum ag_err ag_audit_in(struct ag_tx *tx, const struct ag_scope *scope, struct ag_uuid org,
                        struct ag_uuid user, const char *action, struct ag_str details)
{
    const struct ag_audit_note note = {
        .org = org,
        .user = user,
        .key = scope->who.key_id,
        .credential = scope->who.credential,
        .action = action,
        .details = details,
        .ip = scope->ip,
    };
    return ag_audit_write(tx, &note);
}

enum ag_err ag_audit(struct ag_tx *tx, const struct ag_scope *scope, const char *action,
                     struct ag_str details)
{
    return ag_audit_in(tx, scope, scope->who.org_id, scope->who.user_id, action, details);
}

struct exported {
    struct ag_scope *scope;
    struct ag_uuid org;
    struct ag_str format;
};

static enum ag_err exported_tx(struct ag_tx *tx, void *arg)
{
    const struct exported *exported = arg;
    return ag_audit_in(tx, exported->scope, exported->org, exported->scope->who.user_id,
                       "activity.exported",
                       ag_details(ag_tx_arena(tx), "format", exported->format));
}

enum ag_err ag_audit_exported(struct ag_scope *scope, struct ag_uuid org, struct ag_str format)
{
    struct exported exported = {scope, org, format};
    return ag_db_write(scope->core->db, scope->arena, exported_tx, &exported);
}
