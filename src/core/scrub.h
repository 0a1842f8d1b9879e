/* Scrubbing: what a browser reports may quote what nobody should read. Pure. */
#pragma once

#include "base/arena.h"

/*
 * A copy of `text` in which stand-ins take the place of
 *   - the query and fragment of addresses and paths (`?…`, `#…`; a stack's `:line:column` stays),
 * and user:password@ before a host;
 *   - e-mail addresses (`[email]`);
 *   - credentials: what begins like a known kind of key (ours, OpenAI's, GitHub's, ...), JSON Web
 *     Tokens, what follows `Bearer` (`[token]`);
 *   - runs of 32 and more hexadecimal digits or mixed letters and digits, as secrets look
 *     (`[secret]`); UUIDs stay, they name things and open nothing.
 * Control characters other than the line feed become spaces. Any bytes; what is not UTF-8 becomes
 * U+FFFD. At most `max` bytes, cut between characters. AG_E_NO_MEMORY.
 */
enum ag_err ag_scrub(struct ag_str text, size_t max, struct ag_arena *arena,
                     struct ag_str *ret_text) AG_MUST_USE;
