/* Canonical JSON, of what a database gives back: whatever it holds, what comes out is its own
 * canonical form, valid UTF-8 and not longer than escaping makes it. */
#include "base/canonical.h"
#include "fuzz.h"

enum { INPUT_MAX = 16 * 1024, OUTPUT_MAX = 8 * INPUT_MAX };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > INPUT_MAX) return -1;
    struct ag_arena arena;
    struct ag_buf first, second;
    ag_arena_init(&arena);
    ag_buf_init(&first, &arena, OUTPUT_MAX);
    ag_buf_init(&second, &arena, OUTPUT_MAX);
    enum ag_err err = ag_json_canonical(&arena, ag_str_n((const char *)data, size), &first);
    FUZZ_CHECK(err == AG_OK || err == AG_E_INVALID);
    if (err == AG_OK) {
        FUZZ_CHECK(ag_utf8_valid(ag_buf_str(&first)));
        FUZZ_CHECK(ag_json_canonical(&arena, ag_buf_str(&first), &second) == AG_OK);
        FUZZ_CHECK(ag_str_eq(ag_buf_str(&first), ag_buf_str(&second)));
    }
    ag_arena_done(&arena);
    return 0;
}
