#include "app/suggest.h"

enum { MAX_WORD = 63 }; /* longer ones get no suggestion */

/* Insertions, deletions, replacements and swaps of neighbours that lead from `a` to `b`. */
static unsigned edits(struct ag_str a, struct ag_str b)
{
    unsigned rows[3][MAX_WORD + 1];
    unsigned *before = rows[0], *last = rows[1], *row = rows[2];
    memset(rows, 0, sizeof(rows));
    for (size_t j = 0; j <= b.len; j++)
        last[j] = (unsigned)j;
    for (size_t i = 1; i <= a.len; i++) {
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b.len; j++) {
            unsigned cost = a.data[i - 1] != b.data[j - 1];
            unsigned least = AG_MIN(last[j] + 1, row[j - 1] + 1);
            least = AG_MIN(least, last[j - 1] + cost);
            if (i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] && a.data[i - 2] == b.data[j - 1])
                least = AG_MIN(least, before[j - 2] + 1);
            row[j] = least;
        }
        unsigned *spare = before;
        before = last;
        last = row;
        row = spare;
    }
    return last[b.len];
}

void ag_suggest_begin(struct ag_suggestion *suggestion, struct ag_str word, size_t fixed)
{
    *suggestion = (struct ag_suggestion){.word = word, .fixed = fixed};
}

void ag_suggest_consider(struct ag_suggestion *suggestion, const char *known)
{
    struct ag_str candidate = ag_str(known);
    size_t longest = AG_MAX(candidate.len, suggestion->word.len);
    if (longest > MAX_WORD) return;
    unsigned distance = edits(suggestion->word, candidate);
    /* More than a third of it wrong is another word. */
    if (distance * 3 + suggestion->fixed > longest) return;
    if (suggestion->best && distance >= suggestion->distance) return;
    snprintf(suggestion->text, sizeof(suggestion->text), "%s", known);
    suggestion->best = suggestion->text;
    suggestion->distance = distance;
}

const char *ag_suggest_end(const struct ag_suggestion *suggestion, char out[96])
{
    out[0] = '\0';
    if (suggestion->best) snprintf(out, 96, "; did you mean %s?", suggestion->best);
    return out;
}
