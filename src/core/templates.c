#include "core/templates.h"

enum { MAX_SENTENCE_WORDS = 400, WORD_BYTES = 32, STEM_BYTES = 3 };

static const struct ag_field template_fields[] = {
    AG_FIELD(struct ag_template, id, AG_F_STRING, AG_FF_REQUIRED, .min = 1, .max = 60,
             .doc = "Its stable name", .example = "\"support-desk\""),
    AG_FIELD(struct ag_template, name, AG_F_STRING, AG_FF_REQUIRED, .min = 1, .max = 100,
             .doc = "A name for the agent", .example = "\"Support desk\""),
    AG_FIELD(struct ag_template, description, AG_F_STRING, AG_FF_REQUIRED, .min = 1, .max = 300,
             .doc = "What the agent is for"),
    AG_FIELD(struct ag_template, category, AG_F_STRING, AG_FF_REQUIRED, .min = 1, .max = 40,
             .doc = "Where it is filed", .example = "\"Customers\""),
    AG_FIELD(struct ag_template, icon, AG_F_STRING, AG_FF_REQUIRED, .min = 1, .max = 40,
             .doc = "Name of a Lucide icon", .example = "\"headset\""),
    AG_FIELD(struct ag_template, config, AG_F_OBJECT, AG_FF_REQUIRED,
             .sub = &ag_agent_config_schema, .doc = "How the agent answers"),
    AG_FIELD(struct ag_template, sample_questions, AG_F_LIST, AG_FF_REQUIRED, .item = AG_F_STRING,
             .min = 1, .max = 6, .item_min = 1, .item_max = 1000,
             .doc = "Inputs to try the agent with"),
};
AG_SCHEMA(ag_template_schema, "Template", struct ag_template, "A configuration to begin with",
          template_fields);

enum ag_err ag_template_get(size_t index, struct ag_arena *arena, struct ag_template *ret_template)
{
    AG_ASSERT(index < ag_template_count);
    struct ag_field_errors errors = {0};
    memset(ret_template, 0, sizeof(*ret_template));
    enum ag_err err = ag_fields_decode(&ag_template_schema, ag_str(ag_template_sources[index].json),
                                       ret_template, arena, &errors);
    if (err == AG_E_INVALID || err == AG_E_BAD_JSON)
        return ag_fail_more(AG_E_INTERNAL, "the template %s does not decode",
                            ag_template_sources[index].id);
    return err;
}

enum ag_err ag_templates_list(struct ag_arena *arena, struct ag_list *ret_templates)
{
    struct ag_template *items = AG_ARENA_ARRAY(arena, struct ag_template, ag_template_count);
    if (!items) return ag_fail(AG_E_NO_MEMORY, "no memory for the templates");
    for (size_t i = 0; i < ag_template_count; i++)
        AG_TRY(ag_template_get(i, arena, &items[i]));
    *ret_templates = (struct ag_list){items, ag_template_count};
    return AG_OK;
}

/* ---- the nearest one ---- */

static bool word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
}

/* Cuts the next word off `rest`, in lower case; false when there is none. */
static bool next_word(struct ag_str *rest, char word[WORD_BYTES], size_t *ret_len)
{
    size_t at = 0, n = 0;
    while (at < rest->len && !word_char(rest->data[at]))
        at++;
    for (; at < rest->len && word_char(rest->data[at]); at++) {
        char c = rest->data[at];
        if (n < WORD_BYTES) word[n++] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
    *rest = ag_str_sub(*rest, at, SIZE_MAX);
    *ret_len = n;
    return n > 0;
}

/* Whether both are forms of one word: the same but for a few letters at the end, as in `translate`
 * and `translations`. */
static bool akin(struct ag_str keyword, struct ag_str word)
{
    if (ag_str_eq(keyword, word)) return true;
    size_t common = 0;
    while (common < keyword.len && common < word.len && keyword.data[common] == word.data[common])
        common++;
    return common > STEM_BYTES && keyword.len - common <= 1 && word.len - common <= STEM_BYTES;
}

static unsigned score(const struct ag_template_source *source, struct ag_str sentence)
{
    char word[WORD_BYTES];
    size_t len;
    unsigned points = 0;
    for (int i = 0; i < MAX_SENTENCE_WORDS && next_word(&sentence, word, &len); i++) {
        struct ag_str rest = ag_str(source->keywords), keyword;
        while (ag_str_split(&rest, ' ', &keyword)) {
            if (!akin(keyword, ag_str_n(word, len))) continue;
            points++;
            break;
        }
    }
    return points;
}

int ag_template_nearest(struct ag_str sentence)
{
    int nearest = -1;
    unsigned most = 0;
    for (size_t i = 0; i < ag_template_count; i++) {
        unsigned points = score(&ag_template_sources[i], sentence);
        if (points <= most) continue;
        most = points;
        nearest = (int)i;
    }
    return nearest;
}
