/* Whether the audit log's chains hold. */
#include "base/canonical.h"
#include "core/audit.h"
#include "core/internal.h"
#include "runtime/fiber.h"

enum { PAGE_ROWS = 256, CANONICAL_MAX_BYTES = 1024 * 1024 };

static const struct ag_field head_fields[] = {
    AG_FIELD(struct ag_audit_head_doc, seq, AG_F_INT, AG_FF_REQUIRED, .doc = "Its number"),
    AG_FIELD(struct ag_audit_head_doc, hash, AG_F_STRING, AG_FF_REQUIRED,
             .doc = "Its hash in hexadecimal digits. Whoever keeps it elsewhere can tell later "
                    "that nothing up to here has changed"),
};
static AG_SCHEMA(head_schema, "AuditHead", struct ag_audit_head_doc, "The newest entry of a log",
                 head_fields);

static const struct ag_field bad_fields[] = {
    [AG_AUDIT_BAD_SEQ] = AG_FIELD(struct ag_audit_bad_doc, seq, AG_F_INT,
                                  AG_FF_REQUIRED | AG_FF_NULLABLE, .doc = "Its number"),
    [AG_AUDIT_BAD_ID] = AG_FIELD(struct ag_audit_bad_doc, id, AG_F_UUID,
                                 AG_FF_REQUIRED | AG_FF_NULLABLE,
                                 .doc = "The entry; null when it is not there any more"),
    AG_FIELD(struct ag_audit_bad_doc, reason, AG_F_ENUM, AG_FF_REQUIRED,
             .choices = "changed|missing|inserted|head|unreadable",
             .doc = "`changed`: it, or its place, is not what was written. `missing`: it was "
                    "removed. `inserted`: it was not written by the server. `head`: what the log "
                    "says of its own end was changed. `unreadable`: it holds what cannot be read"),
};
static AG_SCHEMA(bad_schema, "AuditBadEntry", struct ag_audit_bad_doc,
                 "The first entry that is not as it was written", bad_fields);

static const struct ag_field report_fields[] = {
    AG_FIELD(struct ag_audit_report, ok, AG_F_BOOL, AG_FF_REQUIRED,
             .doc = "Whether all entries are as they were written, and none is missing"),
    AG_FIELD(struct ag_audit_report, entries, AG_F_INT, AG_FF_REQUIRED,
             .doc = "Entries that the chain holds"),
    AG_FIELD(struct ag_audit_report, verified, AG_F_INT, AG_FF_REQUIRED,
             .doc = "Entries whose hash was computed anew and is right"),
    AG_FIELD(struct ag_audit_report, before_chain, AG_F_INT, AG_FF_REQUIRED,
             .doc = "Entries from before there was a chain: only their count is kept by it"),
    [AG_AUDIT_REPORT_HEAD] = AG_FIELD(struct ag_audit_report, head, AG_F_OBJECT,
                                      AG_FF_REQUIRED | AG_FF_NULLABLE, .sub = &head_schema,
                                      .doc = "The newest entry; null when there is none"),
    [AG_AUDIT_REPORT_BAD] = AG_FIELD(struct ag_audit_report, first_bad, AG_F_OBJECT, 0,
                                     .sub = &bad_schema, .doc = "What is wrong, when not `ok`"),
};
AG_SCHEMA(ag_audit_report_schema, "AuditReport", struct ag_audit_report,
          "Whether the audit log is as it was written", report_fields);

/* ---- one log ---- */

struct verify {
    struct ag_core *core;
    struct ag_uuid org;
    const struct ag_audit_seen *seen;
    struct ag_audit_report *report;
    int64_t expected; /* the number that comes next */
    struct ag_uuid last_id;
    uint8_t hash[AG_AUDIT_HASH_BYTES]; /* of the one before */
    int64_t limit; /* rows of a page; 1 while looking for one that is unreadable */
};

static bool is_bad(const struct verify *v)
{
    return ag_doc_has(v->report, AG_AUDIT_REPORT_BAD);
}

/* `seq` 0 and `id` nil: not told. Only the first one counts. */
static void note_bad(struct verify *v, const char *reason, int64_t seq, struct ag_uuid id)
{
    if (is_bad(v)) return;
    struct ag_audit_bad_doc *bad = &v->report->first_bad;
    *bad = (struct ag_audit_bad_doc){.seq = seq, .id = id, .reason = ag_str(reason)};
    if (seq != 0) AG_SET(bad, AG_AUDIT_BAD_SEQ);
    if (!ag_uuid_is_nil(id)) AG_SET(bad, AG_AUDIT_BAD_ID);
    AG_SET(v->report, AG_AUDIT_REPORT_BAD);
}

static const struct ag_uuid nothing = {{0}};

static bool same_hash(struct ag_str have, const uint8_t want[AG_AUDIT_HASH_BYTES])
{
    return have.len == AG_AUDIT_HASH_BYTES && memcmp(have.data, want, AG_AUDIT_HASH_BYTES) == 0;
}

/* Computes one entry's hash from what the row says. */
static enum ag_err hash_of(struct verify *v, struct ag_arena *arena,
                           const struct ag_activity *entry, uint8_t ret_hash[AG_AUDIT_HASH_BYTES])
{
    struct ag_activity canonical = *entry;
    struct ag_buf details;
    ag_buf_init(&details, arena, CANONICAL_MAX_BYTES);
    AG_TRY(ag_json_canonical(arena, entry->details, &details));
    canonical.details = ag_buf_str(&details);
    return ag_audit_hash(arena, v->org, &canonical, v->hash, ret_hash);
}

static enum ag_err check_entry(struct verify *v, struct ag_arena *arena,
                               const struct ag_activity *entry)
{
    uint8_t hash[AG_AUDIT_HASH_BYTES];
    if (entry->seq > v->expected) {
        note_bad(v, "missing", v->expected, nothing);
        return AG_OK;
    }
    if (entry->seq < v->expected) {
        note_bad(v, "inserted", entry->seq, entry->id);
        return AG_OK;
    }
    enum ag_err err = hash_of(v, arena, entry, hash);
    if (err == AG_E_NO_MEMORY) return err;
    const struct ag_audit_seen *seen = v->seen;
    bool other = seen && seen->seq == entry->seq && memcmp(seen->hash, hash, sizeof(hash)) != 0;
    if (err != AG_OK || !same_hash(entry->hash, hash) || other) {
        note_bad(v, "changed", entry->seq, entry->id);
        return AG_OK;
    }
    memcpy(v->hash, hash, sizeof(hash));
    v->last_id = entry->id;
    v->expected++;
    v->report->verified++;
    return AG_OK;
}

static enum ag_err check_entries(struct verify *v, struct ag_arena *arena,
                                 const struct ag_list *entries, bool *ret_more)
{
    const struct ag_activity *entry = entries->items;
    *ret_more = (int64_t)entries->count == v->limit;
    for (size_t i = 0; i < entries->count && !is_bad(v); i++) {
        if (entry[i].seq > v->report->entries) {
            *ret_more = false;
            break;
        }
        AG_TRY(check_entry(v, arena, &entry[i]));
    }
    return AG_OK;
}

/* The next page. A row that cannot be read makes the whole page fail: then one at a time, to tell
 * which it is. */
static enum ag_err check_page(struct verify *v, int64_t *from, bool *ret_more)
{
    struct ag_arena arena;
    struct ag_list entries = {NULL, 0};
    ag_arena_init(&arena);
    enum ag_err err = ag_audit_chain(v->core->db, &arena, v->org, *from, v->limit, &entries);
    if (err == AG_E_INTERNAL) {
        if (v->limit == 1) note_bad(v, "unreadable", v->expected, nothing);
        v->limit = 1;
        *ret_more = true;
        err = AG_OK;
    } else if (err == AG_OK) {
        err = check_entries(v, &arena, &entries, ret_more);
        /* What was right so far has the numbers before the one that is expected. */
        *from = v->expected;
    }
    ag_arena_done(&arena);
    return err;
}

static enum ag_err check_all(struct verify *v)
{
    int64_t from = INT64_MIN; /* none has a number below 1, so one that does was inserted */
    for (bool more = true; more && !is_bad(v);) {
        AG_TRY(check_page(v, &from, &more));
        ag_fiber_yield();
        if (ag_fiber_canceled()) return ag_fail(AG_E_CANCELED, "cancelled");
    }
    if (v->expected <= v->report->entries) note_bad(v, "missing", v->expected, nothing);
    return AG_OK;
}

/* What claims to come behind the head: the server's own newest entries, or none of its own. */
static enum ag_err check_behind(struct verify *v, struct ag_arena *arena)
{
    struct ag_list entries;
    struct ag_audit_head head;
    if (v->report->entries == INT64_MAX) return AG_OK;
    AG_TRY(ag_audit_chain(v->core->db, arena, v->org, v->report->entries + 1, 1, &entries));
    if (entries.count == 0) return AG_OK;
    const struct ag_activity *entry = entries.items;
    /* Read after the row, so that an entry that was appended meanwhile is behind it. */
    AG_TRY(ag_audit_head(v->core->db, arena, v->org, &head));
    if (entry->seq > head.seq) note_bad(v, "inserted", entry->seq, entry->id);
    return AG_OK;
}

static void check_before(struct verify *v, int64_t noted, struct ag_uuid last)
{
    if (v->report->before_chain > noted) note_bad(v, "inserted", 0, last);
    if (v->report->before_chain < noted) note_bad(v, "missing", 0, nothing);
}

static enum ag_err check_headless(struct verify *v, struct ag_arena *arena)
{
    struct ag_list entries;
    AG_TRY(ag_audit_chain(v->core->db, arena, v->org, INT64_MIN, 1, &entries));
    const struct ag_activity *entry = entries.items;
    if (entries.count > 0) note_bad(v, "head", entry->seq, entry->id);
    bool due;
    AG_TRY(ag_audit_is_due(v->core->db, arena, v->org, &due));
    if (due) note_bad(v, "missing", 1, nothing);
    return AG_OK;
}

static enum ag_err check_log(struct verify *v, struct ag_arena *arena)
{
    struct ag_audit_head head;
    struct ag_uuid last;
    struct ag_audit_report *report = v->report;
    enum ag_err err = ag_audit_head(v->core->db, arena, v->org, &head);
    if (err != AG_OK && err != AG_E_NOT_FOUND) return err;
    AG_TRY(ag_audit_before(v->core->db, arena, v->org, &report->before_chain, &last));
    if (err == AG_E_NOT_FOUND) return check_headless(v, arena);

    report->entries = head.seq;
    check_before(v, head.before_chain, last);
    ag_audit_first_hash(v->org, head.before_chain, v->hash);
    AG_TRY(check_all(v));
    if (is_bad(v)) return AG_OK;
    if (!same_hash(head.hash, v->hash)) note_bad(v, "head", head.seq, v->last_id);
    AG_TRY(check_behind(v, arena));
    char text[AG_AUDIT_HASH_TEXT_BYTES];
    report->head = (struct ag_audit_head_doc){
        .seq = head.seq, .hash = ag_arena_copy(arena, ag_audit_hash_text(head.hash, text))};
    if (!report->head.hash.data) return ag_fail(AG_E_NO_MEMORY, "no memory for a report");
    AG_SET(report, AG_AUDIT_REPORT_HEAD);
    return AG_OK;
}

enum ag_err ag_audit_verify(struct ag_core *core, struct ag_arena *arena, struct ag_uuid org,
                            const struct ag_audit_seen *seen, struct ag_audit_report *ret_report)
{
    struct ag_audit_report report = {.ok = false};
    struct verify v = {.core = core,
                       .org = org,
                       .seen = seen,
                       .report = &report,
                       .expected = 1,
                       .limit = PAGE_ROWS};
    AG_ACT_FOR(org);
    AG_TRY(check_log(&v, arena));
    if (seen && seen->seq > report.entries) note_bad(&v, "missing", report.entries + 1, nothing);
    report.ok = !is_bad(&v);
    *ret_report = report;
    return AG_OK;
}
