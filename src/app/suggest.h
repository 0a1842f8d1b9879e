/* "Did you mean": the known word that is closest to an unknown one. */
#pragma once

#include "base/str.h"

struct ag_suggestion {
    struct ag_str word; /* the unknown one */
    const char *best;   /* NULL when nothing is close */
    size_t fixed;       /* leading characters that all words share and that prove nothing */
    unsigned distance;  /* edits between the two */
    char text[64];      /* what `best` points to */
};

/* `fixed` characters at the start, "--" for instance, belong to every word. */
void ag_suggest_begin(struct ag_suggestion *suggestion, struct ag_str word, size_t fixed);
/* Considers one known word; it is copied. */
void ag_suggest_consider(struct ag_suggestion *suggestion, const char *known);
/* "; did you mean --port?" or "" into `out`; returns it. */
const char *ag_suggest_end(const struct ag_suggestion *suggestion, char out[96]);
