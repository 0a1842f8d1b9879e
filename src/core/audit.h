/* The audit log: what its chain promises, and whether it holds (docs/internals/audit.md). */
#pragma once

#include "core/core.h"
#include "store/activity.h"

enum { AG_AUDIT_HASH_BYTES = 32, AG_AUDIT_HASH_TEXT_BYTES = 2 * AG_AUDIT_HASH_BYTES + 1 };

/* Every action that an entry can tell of. */
struct ag_audit_action {
    const char *name; /* "auth.signed_in" */
    const char *doc;
};
extern const struct ag_audit_action ag_audit_actions[];
extern const size_t ag_audit_action_count;

/* Lower-case hexadecimal digits of `hash`, 32 bytes; empty when there is none. */
struct ag_str ag_audit_hash_text(struct ag_str hash, char out[AG_AUDIT_HASH_TEXT_BYTES]);

/* The hash of an entry, whose `details` are canonical: SHA-256 of the hash before it and of its
 * canonical JSON. AG_E_NO_MEMORY. */
enum ag_err ag_audit_hash(struct ag_arena *arena, struct ag_uuid org,
                          const struct ag_activity *entry,
                          const uint8_t before[AG_AUDIT_HASH_BYTES],
                          uint8_t ret_hash[AG_AUDIT_HASH_BYTES]) AG_MUST_USE;
/* What stands before the first entry: it tells how many there were without a chain. */
void ag_audit_first_hash(struct ag_uuid org, int64_t before_chain,
                         uint8_t ret_hash[AG_AUDIT_HASH_BYTES]);

struct ag_audit_head_doc {
    uint64_t set;
    int64_t seq;
    struct ag_str hash; /* hexadecimal */
};
struct ag_audit_bad_doc {
    uint64_t set;
    int64_t seq;
    struct ag_uuid id;
    struct ag_str reason; /* changed | missing | inserted | head | unreadable */
};
enum { AG_AUDIT_BAD_SEQ, AG_AUDIT_BAD_ID };
struct ag_audit_report {
    uint64_t set;
    bool ok;
    int64_t entries, verified, before_chain;
    struct ag_audit_head_doc head;
    struct ag_audit_bad_doc first_bad;
};
enum { AG_AUDIT_REPORT_HEAD = 4, AG_AUDIT_REPORT_BAD };
extern const struct ag_schema ag_audit_report_schema;

/* An entry that somebody has noted elsewhere, to be found as it was. */
struct ag_audit_seen {
    int64_t seq;
    uint8_t hash[AG_AUDIT_HASH_BYTES];
};

/* Tells a log that it was exported. */
enum ag_err ag_audit_exported(struct ag_scope *scope, struct ag_uuid org,
                              struct ag_str format) AG_MUST_USE AG_SUSPENDS;

/* Computes a log's chain anew, page by page; others get their turn in between. `org` nil: the
 * server's own. `seen` may be NULL. AG_OK also when the chain is broken: `ret_report` tells; its
 * texts live in `arena`. AG_E_STORAGE, AG_E_CANCELED, AG_E_NO_MEMORY. */
enum ag_err ag_audit_verify(struct ag_core *core, struct ag_arena *arena, struct ag_uuid org,
                            const struct ag_audit_seen *seen,
                            struct ag_audit_report *ret_report) AG_MUST_USE AG_SUSPENDS;
