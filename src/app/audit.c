/* `agentgen audit verify`: whether the audit log is as it was written. */
#include "core/audit.h"

#include "app/backend.h"
#include "app/commands.h"
#include "app/on_loop.h"

struct audit {
    struct ag_backend backend;
    bool one; /* `org` alone */
    struct ag_uuid org;
    bool has_seen;
    struct ag_audit_seen seen;
    unsigned logs, broken;
};

/* ---- what was asked ---- */

static bool read_hash(struct ag_str text, uint8_t ret_hash[AG_AUDIT_HASH_BYTES])
{
    if (text.len != 2 * AG_AUDIT_HASH_BYTES) return false;
    for (size_t i = 0; i < AG_AUDIT_HASH_BYTES; i++) {
        int high = ag_hex_digit(text.data[2 * i]), low = ag_hex_digit(text.data[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        ret_hash[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static enum ag_err take_flags(const struct ag_invocation *inv, struct audit *audit)
{
    struct ag_str org = inv->flags[0], seen = inv->flags[1], seq;
    if (org.data) {
        audit->one = true;
        if (!ag_str_eq(org, AG_STR("server")) && ag_uuid_parse(org, &audit->org) != AG_OK)
            return ag_fail(AG_E_INVALID, "--org is the id of an organisation, or `server`");
    }
    if (!seen.data) return AG_OK;
    if (!org.data) return ag_fail(AG_E_INVALID, "--seen needs --org: each log has a chain");
    audit->has_seen = ag_str_split(&seen, ':', &seq) &&
                      ag_str_to_int64(seq, &audit->seen.seq) == AG_OK && audit->seen.seq > 0 &&
                      read_hash(seen, audit->seen.hash);
    return audit->has_seen ? AG_OK
                           : ag_fail(AG_E_INVALID, "--seen is SEQ:HASH as an earlier run printed");
}

/* ---- what comes out ---- */

static void print_bad(const struct ag_audit_bad_doc *bad)
{
    char id[AG_UUID_TEXT_BYTES];
    printf("  BAD");
    if (ag_doc_has(bad, AG_AUDIT_BAD_SEQ)) printf(" entry %lld", (long long)bad->seq);
    if (ag_doc_has(bad, AG_AUDIT_BAD_ID)) printf(" %s", ag_uuid_format(bad->id, id).data);
    printf(": %.*s\n", AG_STR_ARG(bad->reason));
}

static void print_report(struct ag_uuid org, const struct ag_audit_report *report)
{
    char id[AG_UUID_TEXT_BYTES];
    printf("%s %lld entries", ag_uuid_is_nil(org) ? "server" : ag_uuid_format(org, id).data,
           (long long)report->entries);
    if (report->before_chain > 0)
        printf(", %lld from before the chain", (long long)report->before_chain);
    if (ag_doc_has(report, AG_AUDIT_REPORT_HEAD))
        printf(", head %lld:%.*s", (long long)report->head.seq, AG_STR_ARG(report->head.hash));
    printf("\n");
    if (ag_doc_has(report, AG_AUDIT_REPORT_BAD)) print_bad(&report->first_bad);
}

/* ---- the work ---- */

static enum ag_err verify_log(struct audit *audit, struct ag_uuid org)
{
    struct ag_arena arena;
    struct ag_audit_report report;
    ag_arena_init(&arena);
    enum ag_err err = ag_audit_verify(&audit->backend.core, &arena, org,
                                      audit->has_seen ? &audit->seen : NULL, &report);
    if (err == AG_OK) {
        audit->logs++;
        audit->broken += !report.ok;
        print_report(org, &report);
    }
    ag_arena_done(&arena);
    return err;
}

static enum ag_err verify_all(struct audit *audit)
{
    struct ag_uuid org = {{0}};
    for (;;) {
        struct ag_arena arena;
        AG_TRY(verify_log(audit, org));
        ag_arena_init(&arena);
        enum ag_err err = ag_audit_next_log(audit->backend.core.db, &arena, org, &org);
        ag_arena_done(&arena);
        if (err == AG_E_NOT_FOUND) return AG_OK;
        AG_TRY(err);
    }
}

static enum ag_err verify_fiber(void *arg)
{
    struct audit *audit = arg;
    AG_TRY(ag_backend_attach(&audit->backend));
    enum ag_err err = audit->one ? verify_log(audit, audit->org) : verify_all(audit);
    ag_backend_detach(&audit->backend);
    return err;
}

enum ag_exit ag_audit_verify_command(struct ag_invocation *inv)
{
    struct audit audit = {.one = false};
    enum ag_err err = take_flags(inv, &audit);
    if (err != AG_OK) {
        fprintf(stderr, "agentgen: %s\n", ag_diag_text(err));
        return AG_EXIT_USAGE;
    }
    err = ag_backend_open(&audit.backend, &inv->options, 1, true);
    /* Beside a server that has the data folder: nothing is written. */
    if (err == AG_E_CONFLICT) err = ag_backend_open(&audit.backend, &inv->options, 1, false);
    if (err != AG_OK) return ag_cli_fail(err);
    err = ag_on_loop(verify_fiber, &audit);
    enum ag_exit status = err == AG_OK ? AG_EXIT_OK : ag_cli_fail(err);
    if (audit.broken > 0) {
        printf("%u of %u logs are not as they were written\n", audit.broken, audit.logs);
        status = AG_EXIT_FAILED;
    }
    ag_backend_close(&audit.backend);
    return fflush(stdout) == 0 ? status : AG_EXIT_FAILED;
}
