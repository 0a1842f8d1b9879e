/* What stands behind the API: database, signing key, egress rules and the core on them, made from
 * the options. */
#pragma once

#include "app/options.h"
#include "core/core.h"
#include "net/mailer.h"

struct ag_backend {
    const struct ag_options *options;
    struct ag_arena arena;
    struct ag_str database_url;
    int lock_fd;      /* of the SQLite database, -1 for none */
    bool first_start; /* the secrets were made just now */
    struct ag_core core;
};

/* Makes everything that needs no loop. `exclusive` takes the SQLite database for this process
 * alone. The options must outlive it. AG_E_CONFIG, AG_E_CONFLICT (another server), AG_E_IO,
 * AG_E_STORAGE, AG_E_NO_MEMORY; nothing is left behind then. */
enum ag_err ag_backend_open(struct ag_backend *backend, const struct ag_options *options,
                            unsigned loops, bool exclusive) AG_MUST_USE;
/* Limits are shared with other servers, where a Redis is configured. AG_E_CONFIG, AG_E_NO_MEMORY.
 */
enum ag_err ag_backend_share_limits(struct ag_backend *backend) AG_MUST_USE;
/* All loops must have detached. */
void ag_backend_close(struct ag_backend *backend);

/* What a mailer is made of; the backend outlives it. AG_E_CONFIG: no mail server is set. */
enum ag_err ag_backend_mailer(const struct ag_backend *backend,
                              struct ag_mailer_options *ret_options) AG_MUST_USE;

/* This thread's loop's part: database connections and the core's. On a fiber. */
enum ag_err ag_backend_attach(struct ag_backend *backend) AG_MUST_USE AG_SUSPENDS;
void ag_backend_detach(struct ag_backend *backend) AG_SUSPENDS;
