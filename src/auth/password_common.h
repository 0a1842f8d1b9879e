/* The most common passwords of at least AG_PASSWORD_MIN characters: what guessing starts with. */
#pragma once

#include "base/str.h"

/* Lower case, in the order of strcmp(). Plain runs such as 12345678 are not listed: a rule of
 * ag_password_problem() finds them. */
extern const char *const ag_common_passwords[];
extern const size_t ag_common_password_count;

/* Whether `password` is on the list, compared without case (ASCII). */
bool ag_password_is_common(struct ag_str password);
