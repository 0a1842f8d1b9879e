/* A loop for commands that need one for a moment. */
#pragma once

#include "base/err.h"
#include "runtime/fiber.h"

/* Runs `fn(arg)` as a fiber on a new loop of this thread, frees the loop and returns what it
 * returned, its diagnostic included. AG_E_NO_MEMORY, AG_E_IO. */
enum ag_err ag_on_loop(enum ag_err (*fn)(void *arg) AG_SUSPENDS, void *arg) AG_MUST_USE;
