/* Reports from browsers: what went wrong there, without what nobody should read. */
#pragma once

#include "core/core.h"

struct ag_report_input {
    uint64_t set;
    struct ag_str kind, message, stack, path;
};
extern const struct ag_schema ag_report_input_schema;

/* Scrubs the report and stores it, or counts it when the same one came within a day. */
enum ag_err ag_report(struct ag_scope *scope,
                      const struct ag_report_input *input) AG_MUST_USE AG_SUSPENDS;
