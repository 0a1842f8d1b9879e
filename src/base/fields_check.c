#include "base/fields_walk.h"

#include <math.h>

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool ag_is_id_text(struct ag_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool good = is_alnum(c) || c == '_' || (i > 0 && (c == '.' || c == '-'));
        if (!good) return false;
    }
    return text.len > 0;
}

/* One label of a host name: letters, digits and inner hyphens, at most 63. */
static bool is_host_label(struct ag_str label)
{
    if (label.len == 0 || label.len > 63) return false;
    if (label.data[0] == '-' || label.data[label.len - 1] == '-') return false;
    for (size_t i = 0; i < label.len; i++)
        if (!is_alnum(label.data[i]) && label.data[i] != '-') return false;
    return true;
}

bool ag_is_email(struct ag_str text)
{
    ptrdiff_t at = ag_str_find_char(text, '@');
    if (at < 1 || at > 64 || text.len > 254) return false;
    for (ptrdiff_t i = 0; i < at; i++) {
        char c = text.data[i];
        if (!is_alnum(c) && (c == '\0' || !strchr(".!#$%&'*+/=?^_`{|}~-", c))) return false;
    }
    struct ag_str host = ag_str_sub(text, (size_t)at + 1, text.len), label;
    while (ag_str_split(&host, '.', &label))
        if (!is_host_label(label)) return false;
    return true;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct ag_str trim(struct ag_str s)
{
    while (s.len > 0 && is_space(s.data[0])) {
        s.data++;
        s.len--;
    }
    while (s.len > 0 && is_space(s.data[s.len - 1]))
        s.len--;
    return s;
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

static void check_string(struct ag_walk *walk, const struct ag_rule *rule,
                         const struct ag_path *path, struct ag_str text, struct ag_str *out)
{
    if (!(rule->flags & AG_FF_NO_TRIM)) text = trim(text);
    size_t length = ag_utf8_length(text);
    size_t least = rule->min > 0 ? (size_t)rule->min : 0, most = ag_rule_most(rule);
    if (length < least) {
        if (length == 0)
            ag_walk_mistake(walk, path, "too_short", "must not be empty");
        else
            ag_walk_mistake(walk, path, "too_short", "must have at least %zu character%s", least,
                            plural(least));
        return;
    }
    if (length > most) {
        ag_walk_mistake(walk, path, "too_long", "must have at most %zu character%s", most,
                        plural(most));
        return;
    }
    if (length > 0 && (rule->flags & AG_FF_EMAIL) && !ag_is_email(text)) {
        ag_walk_mistake(walk, path, "format", "must be an e-mail address such as ana@example.com");
        return;
    }
    if (length > 0 && (rule->flags & AG_FF_ID_TEXT) && !ag_is_id_text(text)) {
        ag_walk_mistake(walk, path, "format",
                        "may hold letters, digits, '_', '.' and '-' only, and begins with a "
                        "letter, digit or '_'");
        return;
    }
    *out = text;
}

static void check_choice(struct ag_walk *walk, const struct ag_rule *rule,
                         const struct ag_path *path, struct ag_str text, struct ag_str *out)
{
    struct ag_str choice;
    for (struct ag_str rest = ag_str(rule->choices); ag_str_split(&rest, '|', &choice);) {
        if (!ag_str_eq(text, choice)) continue;
        *out = choice;
        return;
    }
    struct ag_buf list;
    ag_buf_init(&list, walk->arena, 512);
    for (struct ag_str rest = ag_str(rule->choices); ag_str_split(&rest, '|', &choice);)
        ag_buf_printf(&list, "%s\"%.*s\"", list.len > 0 ? ", " : "", AG_STR_ARG(choice));
    ag_walk_mistake(walk, path, "choice", "must be one of %.*s", AG_STR_ARG(ag_buf_str(&list)));
}

void ag_check_text(struct ag_walk *walk, const struct ag_rule *rule, const struct ag_path *path,
                   struct ag_str text, void *out)
{
    if (ag_str_find_char(text, '\0') >= 0) {
        ag_walk_mistake(walk, path, "format", "must not hold a NUL character");
        return;
    }
    switch (rule->type) {
    case AG_F_ENUM:
        check_choice(walk, rule, path, text, out);
        return;
    case AG_F_UUID: {
        struct ag_uuid id;
        if (ag_uuid_parse(text, &id) == AG_OK)
            *(struct ag_uuid *)out = id;
        else
            ag_walk_mistake(walk, path, "format",
                            "must be a UUID such as 01890a5d-ac96-774b-bcce-b302099a8057");
        return;
    }
    case AG_F_TIME: {
        int64_t at;
        if (ag_time_parse(text, &at) == AG_OK)
            *(int64_t *)out = at;
        else
            ag_walk_mistake(walk, path, "format",
                            "must be an RFC 3339 time such as 2030-01-31T12:00:00Z");
        return;
    }
    default:
        AG_ASSERT(rule->type == AG_F_STRING);
        check_string(walk, rule, path, text, out);
    }
}

/* A limit as people write it. `text` takes any double. */
static const char *number_text(double value, char text[32])
{
    bool whole = value == trunc(value) && fabs(value) < 1e15;
    snprintf(text, 32, whole ? "%.0f" : "%.15g", value);
    return text;
}

void ag_mistake_range(struct ag_walk *walk, const struct ag_rule *rule, const struct ag_path *path)
{
    char low[32], high[32];
    number_text(rule->min, low);
    number_text(rule->max, high);
    if (ag_rule_has_max(rule))
        ag_walk_mistake(walk, path, "range", "must be between %s and %s", low, high);
    else if (ag_rule_has_min(rule))
        ag_walk_mistake(walk, path, "range", "must be at least %s", low);
    else
        ag_walk_mistake(walk, path, "range", "is too large a number");
}

static bool in_range(const struct ag_rule *rule, double value)
{
    if (ag_rule_has_min(rule) && value < rule->min) return false;
    return !ag_rule_has_max(rule) || value <= rule->max;
}

void ag_check_int(struct ag_walk *walk, const struct ag_rule *rule, const struct ag_path *path,
                  int64_t value, void *out)
{
    if (in_range(rule, (double)value))
        *(int64_t *)out = value;
    else
        ag_mistake_range(walk, rule, path);
}

void ag_check_number(struct ag_walk *walk, const struct ag_rule *rule, const struct ag_path *path,
                     double value, void *out)
{
    if (in_range(rule, value))
        *(double *)out = value;
    else
        ag_mistake_range(walk, rule, path);
}

bool ag_check_count(struct ag_walk *walk, const struct ag_rule *rule, const struct ag_path *path,
                    size_t count)
{
    const char *what = rule->type == AG_F_MAP ? "entr" : "item";
    const char *one = rule->type == AG_F_MAP ? "y" : "",
               *more = rule->type == AG_F_MAP ? "ies" : "s";
    size_t least = rule->min > 0 ? (size_t)rule->min : 0, most = ag_rule_most(rule);
    if (count < least)
        ag_walk_mistake(walk, path, "too_short", "must have at least %zu %s%s", least, what,
                        least == 1 ? one : more);
    else if (count > most)
        ag_walk_mistake(walk, path, "too_long", "must have at most %zu %s%s", most, what,
                        most == 1 ? one : more);
    return count < least || count > most;
}
