/* A request without a client, for bench-guard. */
#pragma once

#include "http/http.h"

/* From 192.0.2.1; what is in `arena` is the caller's. NULL when out of memory. */
struct ag_request *guard_request_new(struct ag_arena *arena);
void guard_request_free(struct ag_request *req);
/* Takes back the headers of a reply that is never sent. */
void guard_request_clear(struct ag_request *req);
