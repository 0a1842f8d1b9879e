/* What a server asks of the process it runs in. */
#pragma once

#include "app/options.h"

/* Memory settings; before any thread is made. `threads` is how many allocate at the same time. */
void ag_process_memory(unsigned threads);
/* Raises the limit of open descriptors and warns when it, or the number of memory mappings, cannot
 * carry `max_connections`. SIGPIPE is ignored from here on. */
void ag_process_limits(int64_t max_connections);

/*
 * Signals: SIGTERM and SIGINT ask to stop, a second one ends the process at once; SIGHUP asks to
 * reload, or to stop when it means that the terminal has gone.
 *
 * `notify(arg)` is called inside the signal handler: it must be async-signal-safe.
 */
void ag_signals_start(void (*notify)(void *arg), void *arg);
/* Gives the signals back to the system; `notify` is not called after it. */
void ag_signals_stop(void);
/* Whether a stop was asked for; any thread. */
bool ag_signals_stop_asked(void);
/* Whether a reload was asked for since the last question. */
bool ag_signals_reload_asked(void);
