/*
 * Templates: configurations to begin with, part of the program.
 *
 * They are JSON in core/templates/, put into the program when it is built and decoded by the same
 * field tables as what clients send.
 */
#pragma once

#include "core/core.h"

struct ag_template {
    uint64_t set;
    struct ag_str id, name, description, category, icon;
    struct ag_agent_config config;
    struct ag_list sample_questions; /* struct ag_str */
};
extern const struct ag_schema ag_template_schema;

/* One as it stands in the program; made by tools/embed_templates.py. */
struct ag_template_source {
    const char *id, *keywords, *json;
};
extern const struct ag_template_source ag_template_sources[];
extern const size_t ag_template_count;
extern const char ag_templates_digest[]; /* changes with any of them */

/* All of them, in the order they are shown, as struct ag_template. AG_E_NO_MEMORY. */
enum ag_err ag_templates_list(struct ag_arena *arena, struct ag_list *ret_templates) AG_MUST_USE;
/* One of them, by its place in ag_template_sources. */
enum ag_err ag_template_get(size_t index, struct ag_arena *arena,
                            struct ag_template *ret_template) AG_MUST_USE;
/* The place of the template whose keywords meet most of the words of `sentence`, the first of equal
 * ones; -1 when none meets any. Pure. */
int ag_template_nearest(struct ag_str sentence);
