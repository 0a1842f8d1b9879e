/* The data folder: made at the first start, used by one server at a time, holding the generated
 * secrets. */
#pragma once

#include "app/options.h"

/* Makes the folder (and those above it) for this user alone when it is not there. AG_E_IO. */
enum ag_err ag_data_dir_make(const struct ag_options *options) AG_MUST_USE;

/* Takes the lock of the SQLite database in use, `PATH.lock`, so that two servers never share one.
 * `ret_fd` is -1 on PostgreSQL, which needs none. AG_E_CONFLICT names the process that has it;
 * AG_E_IO. */
enum ag_err ag_database_lock(struct ag_str database_url, int *ret_fd) AG_MUST_USE;
/* Gives it back. */
void ag_database_unlock(int fd);

/* The secret that signs tokens: the option's, else the one in `<data_dir>/secrets`, else a new one
 * that is durable there (mode 0600) before it is returned. In `arena`; the caller wipes it.
 * `ret_new` says that it was made just now. AG_E_CONFIG, AG_E_IO, AG_E_NO_MEMORY. */
enum ag_err ag_secrets_load(const struct ag_options *options, struct ag_arena *arena,
                            struct ag_str *ret_jwt_secret, bool *ret_new) AG_MUST_USE;
