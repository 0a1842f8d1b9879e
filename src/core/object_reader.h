/*
 * Object reader: the members of one JSON object, read out of a model's text while it comes. Pure.
 *
 * Models answer with more than they were asked for: a sentence before, a fence around, a farewell
 * behind. The reader looks for the first `{"name":`, passes over everything else, and ends with the
 * object. The text is hostile: any bytes may come, cut anywhere, and what is returned does not
 * depend on the cuts, but for how a string is cut into its pieces.
 *
 * More lenient than RFC 8259 in what models get wrong: line ends and tabs inside of a string, a
 * backslash before what needs none, a comma behind the last member. Members of an object called
 * `agent` or `config` count as the object's own.
 */
#pragma once

#include "base/buf.h"

enum {
    AG_OBJECT_KEY_BYTES = 64,                   /* a longer name is cut */
    AG_OBJECT_MAX_VALUE_BYTES = 512 * 1024,     /* one member */
    AG_OBJECT_MAX_INPUT_BYTES = 2 * 1024 * 1024 /* the text up to the end of the object */
};

enum ag_object_event_kind {
    AG_OBJECT_TEXT,  /* more of a string that is still coming */
    AG_OBJECT_VALUE, /* a whole member */
};

struct ag_object_event {
    enum ag_object_event_kind kind;
    bool is_string;
    struct ag_str key;
    /* TEXT: the new characters, well-formed UTF-8 without NUL; together they are the VALUE's.
     * VALUE: a string's characters, or the raw text of anything else, which may be no JSON at all.
     */
    struct ag_str text;
};

struct ag_object_reader {
    struct ag_str input; /* fed last, not yet read */
    size_t total_bytes;
    struct ag_buf value;
    size_t told_bytes; /* of the value, in TEXT events */
    char key[AG_OBJECT_KEY_BYTES];
    size_t key_len;
    int state;
    int wrappers;    /* objects open around the members besides the first */
    bool committed;  /* a name and a colon were there: this is the object */
    bool in_key;     /* characters go to the name */
    bool is_string;  /* the value is one */
    int nesting;     /* of a raw value */
    bool raw_string; /* inside of a string of a raw value */
    /* the string being read */
    bool escaped;
    int hex_left;
    unsigned code, high;
    char utf8[4];
    size_t utf8_len;
    enum ag_err err; /* why there will be no more */
};

void ag_object_reader_init(struct ag_object_reader *reader);
void ag_object_reader_done(struct ag_object_reader *reader);
/* Hands over bytes, which must stay where they are until ag_object_reader_next() has returned
 * false; only then may more be fed. */
void ag_object_reader_feed(struct ag_object_reader *reader, struct ag_str bytes);
/* The next event, valid until the next call; false when more bytes are needed, the object has ended
 * or reader->err says what is wrong: AG_E_UPSTREAM_INVALID, AG_E_UPSTREAM_TOO_LARGE,
 * AG_E_NO_MEMORY. */
bool ag_object_reader_next(struct ag_object_reader *reader, struct ag_object_event *ret_event);
/* The text has ended: AG_OK when the object had, else reader->err, AG_E_UPSTREAM_INCOMPLETE (it
 * broke off) or AG_E_UPSTREAM_INVALID (there was none). */
enum ag_err ag_object_reader_end(const struct ag_object_reader *reader) AG_MUST_USE;
