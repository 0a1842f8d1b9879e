/* What a model answers when it is asked for an agent, in pieces of any size. The outcome does not
 * depend on where the pieces are cut; a string's pieces are UTF-8 without NUL and make up its
 * value; what is cleaned of it is JSON that a configuration takes. Input: size of the pieces,
 * bytes. */
#include "core/internal.h"
#include "core/proposals.h"
#include "fuzz.h"

struct outcome {
    struct ag_buf values;
    enum ag_err err;
};

static bool declared(enum ag_err err)
{
    return err == AG_OK || err == AG_E_UPSTREAM_INVALID || err == AG_E_UPSTREAM_INCOMPLETE ||
           err == AG_E_UPSTREAM_TOO_LARGE;
}

static struct outcome read_all(struct ag_str text, size_t piece)
{
    struct outcome out = {0};
    struct ag_object_reader reader;
    struct ag_object_event event;
    struct ag_buf pieces;
    ag_buf_init(&out.values, NULL, 8 * 1024 * 1024);
    ag_buf_init(&pieces, NULL, 8 * 1024 * 1024);
    ag_object_reader_init(&reader);
    for (size_t at = 0; at < text.len && !reader.err; at += piece) {
        ag_object_reader_feed(&reader, ag_str_sub(text, at, piece));
        while (ag_object_reader_next(&reader, &event)) {
            FUZZ_CHECK(ag_utf8_valid(event.key) && event.key.len <= AG_OBJECT_KEY_BYTES);
            if (event.kind == AG_OBJECT_TEXT) {
                FUZZ_CHECK(event.is_string && event.text.len > 0 && ag_utf8_valid(event.text));
                FUZZ_CHECK(ag_str_find_char(event.text, '\0') < 0);
                FUZZ_CHECK(ag_buf_append_str(&pieces, event.text) == AG_OK);
                continue;
            }
            if (event.is_string) FUZZ_CHECK(ag_str_eq(event.text, ag_buf_str(&pieces)));
            ag_buf_clear(&pieces);
            ag_buf_append_str(&out.values, event.key);
            ag_buf_append_str(&out.values, event.is_string ? AG_STR("\n=") : AG_STR("\n:"));
            ag_buf_append_str(&out.values, event.text);
            FUZZ_CHECK(ag_buf_append_char(&out.values, '\n') == AG_OK);
        }
    }
    out.err = ag_object_reader_end(&reader);
    FUZZ_CHECK(declared(out.err));
    ag_object_reader_done(&reader);
    ag_buf_done(&pieces);
    return out;
}

/* As ag_propose() does with the members it knows. */
static void take_members(struct ag_str text, struct ag_arena *arena)
{
    struct ag_object_reader reader;
    struct ag_object_event event;
    struct ag_config_slots slots = {0};
    struct ag_agent_config config;
    ag_object_reader_init(&reader);
    ag_object_reader_feed(&reader, text);
    while (ag_object_reader_next(&reader, &event)) {
        enum ag_part part = ag_part_find(event.key);
        if (event.kind != AG_OBJECT_VALUE || part == AG_PART_COUNT) continue;
        struct ag_str json;
        FUZZ_CHECK(ag_part_clean(part, event.is_string, event.text, arena, &json) == AG_OK);
        FUZZ_CHECK(ag_utf8_valid(json));
        if (part > AG_PART_DESCRIPTION && json.len > 0)
            *ag_config_slot(&slots, ag_part_info(part)->key) = json;
    }
    ag_object_reader_done(&reader);
    ag_slots_settle(&slots);
    FUZZ_CHECK(ag_slots_config(&slots, arena, &config) == AG_OK);
    struct ag_field_errors errors = {0};
    struct ag_scope scope = {.arena = arena, .errors = &errors};
    FUZZ_CHECK(ag_agent_config_check(&scope, &config, (struct ag_uuid){{0}}) == AG_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) return -1;
    struct ag_str text = ag_str_n((const char *)data + 1, size - 1);
    struct outcome a = read_all(text, SIZE_MAX / 2), b = read_all(text, 1 + data[0] % 64);
    FUZZ_CHECK(a.err == b.err && ag_str_eq(ag_buf_str(&a.values), ag_buf_str(&b.values)));
    ag_buf_done(&a.values);
    ag_buf_done(&b.values);

    struct ag_arena arena;
    ag_arena_init(&arena);
    take_members(text, &arena);
    struct ag_config_slots slots = {0};
    struct ag_str name, description;
    FUZZ_CHECK(ag_slots_from_current(text, &arena, &name, &description, &slots) == AG_OK);
    ag_arena_done(&arena);
    ag_arena_pool_done();
    return 0;
}
