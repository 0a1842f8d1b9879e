/*
 * Log lines: `time level event key=value ...` (logfmt) on standard error, one write each.
 *
 * Only the edge logs: the server, a fiber's root, the command line. Nothing secret is ever passed
 * here; header values and bodies are not logged at all. Thread-safe.
 */
#pragma once

#include "base/id.h"
#include "base/str.h"

enum ag_log_level { AG_LOG_DEBUG, AG_LOG_INFO, AG_LOG_WARN, AG_LOG_ERROR, AG_LOG_OFF };

void ag_log_set_level(enum ag_log_level level);
bool ag_log_enabled(enum ag_log_level level);
/* AG_E_INVALID when `name` is none of debug, info, warn, error, off. */
enum ag_err ag_log_level_parse(struct ag_str name, enum ag_log_level *ret_level) AG_MUST_USE;

/* One pair of a line. Values with spaces or quotes are quoted and escaped. */
struct ag_log_field {
    const char *key;
    enum { AG_LOG_STR, AG_LOG_INT } kind;
    struct ag_str str;
    int64_t num;
};
#define AG_LS(k, s) ((struct ag_log_field){.key = (k), .kind = AG_LOG_STR, .str = (s)})
#define AG_LC(k, s) ((struct ag_log_field){.key = (k), .kind = AG_LOG_STR, .str = ag_str(s)})
#define AG_LI(k, n) ((struct ag_log_field){.key = (k), .kind = AG_LOG_INT, .num = (int64_t)(n)})

/* ag_log(AG_LOG_INFO, "listening", AG_LC("url", url), AG_LI("loops", n)) */
#define ag_log(level, event, ...)                                                                  \
    do {                                                                                           \
        if (ag_log_enabled(level)) {                                                               \
            const struct ag_log_field _fields[] = {{.key = NULL}, ##__VA_ARGS__};                  \
            ag_log_write(level, event, _fields + 1, AG_COUNT(_fields) - 1);                        \
        }                                                                                          \
    } while (0)
void ag_log_write(enum ag_log_level level, const char *event, const struct ag_log_field *fields,
                  size_t count);
/* Logs `event` with the code and the diagnostic chain in force (texts, files and lines). */
void ag_log_diag(enum ag_log_level level, const char *event, enum ag_err err);
