/* What the halves of the field layer share: rules, paths and mistakes. Not for other modules. */
#pragma once

#include "base/fields.h"

/* The limits of one value: a field's own, or those of a list's items. */
struct ag_rule {
    enum ag_field_type type;
    unsigned flags;
    double min, max;
    const char *choices;
    const struct ag_schema *sub;
    const struct ag_field *field;
};

struct ag_rule ag_rule_of(const struct ag_field *field);
/* Items of a list, values of a map. */
struct ag_rule ag_rule_of_item(const struct ag_field *field);
/* Size of the C type that a value is kept in. */
size_t ag_rule_size(const struct ag_rule *rule);
/* Most characters, bytes, items or pairs a value may have. */
size_t ag_rule_most(const struct ag_rule *rule);
/* Whether a number has a lower or an upper limit. */
bool ag_rule_has_min(const struct ag_rule *rule);
bool ag_rule_has_max(const struct ag_rule *rule);

/* Where a value stands in the document; lives on the stack of whoever walks there. */
struct ag_path {
    const struct ag_path *up; /* NULL at the top */
    struct ag_str name;       /* of a field; unused for an item */
    ptrdiff_t index;          /* of an item; -1 for a field */
};

/* One decoding. */
struct ag_walk {
    struct ag_arena *arena;
    struct ag_field_errors *errors;
    enum ag_err err; /* AG_E_NO_MEMORY ends it */
};

/* Whether going on could tell nothing new. */
static inline bool ag_walk_over(const struct ag_walk *walk)
{
    return walk->err != AG_OK || walk->errors->count == AG_FIELD_MAX_ERRORS;
}

/* Records a mistake at `path`. `code` is static; the text never shows the value itself, which may
 * be a secret. */
void ag_walk_mistake(struct ag_walk *walk, const struct ag_path *path, const char *code,
                     const char *format, ...) AG_PRINTF(4, 5);

/* The known name that `name` was probably meant to be, or NULL. */
const char *ag_schema_similar(const struct ag_schema *schema, struct ag_str name);

/* Each checks one value and stores it at `out` when it holds. `text` is well-formed UTF-8 in the
 * arena. ag_check_text() takes the types that are strings in JSON. */
void ag_check_text(struct ag_walk *walk, const struct ag_rule *rule, const struct ag_path *path,
                   struct ag_str text, void *out);
void ag_check_int(struct ag_walk *walk, const struct ag_rule *rule, const struct ag_path *path,
                  int64_t value, void *out);
void ag_check_number(struct ag_walk *walk, const struct ag_rule *rule, const struct ag_path *path,
                     double value, void *out);
/* Says that a number is outside its limits. */
void ag_mistake_range(struct ag_walk *walk, const struct ag_rule *rule, const struct ag_path *path);
/* Says that a list or map has too few or too many entries; true when it has. */
bool ag_check_count(struct ag_walk *walk, const struct ag_rule *rule, const struct ag_path *path,
                    size_t count);
/* [A-Za-z0-9_][A-Za-z0-9_.-]* */
bool ag_is_id_text(struct ag_str text);
