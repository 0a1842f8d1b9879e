#include "base/clock.h"

/* Calendar arithmetic is our own: the C library's functions depend on the zone and the locale, and
 * some are not thread-safe. Days are those of the proleptic Gregorian calendar. */

enum { MS_PER_SECOND = 1000, SECONDS_PER_DAY = 86400 };

static const int64_t first_ms = -62167219200000; /* 0000-01-01T00:00:00.000Z */
static const int64_t last_ms = 253402300799999;  /* 9999-12-31T23:59:59.999Z */

static int64_t clock_ns(clockid_t id)
{
    struct timespec now;
    AG_ASSERT(clock_gettime(id, &now) == 0);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t ag_wall_ms(void)
{
    return clock_ns(CLOCK_REALTIME) / 1000000;
}

int64_t ag_mono_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

int64_t ag_mono_us(void)
{
    return ag_mono_ns() / 1000;
}

int64_t ag_mono_ms(void)
{
    return ag_mono_ns() / 1000000;
}

struct civil {
    int year, month, day; /* month and day from 1 */
    int hour, minute, second, ms;
    int weekday; /* 0 = Sunday */
};

/*
 * Years begin in March here, so that the leap day is the last of its year and the days before a
 * month follow one formula: 153 days for each five months. An era is 400 years, 146097 days.
 */
static int64_t days_from_civil(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468; /* days from 0000-03-01 to 1970-01-01 */
}

static struct civil civil_from_ms(int64_t wall_ms)
{
    wall_ms = AG_MAX(first_ms, AG_MIN(last_ms, wall_ms));
    int64_t ms_of_day = wall_ms % ((int64_t)SECONDS_PER_DAY * MS_PER_SECOND);
    if (ms_of_day < 0) ms_of_day += (int64_t)SECONDS_PER_DAY * MS_PER_SECOND;
    int64_t days = (wall_ms - ms_of_day) / ((int64_t)SECONDS_PER_DAY * MS_PER_SECOND);

    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int month = (int)((5 * day_of_year + 2) / 153);
    int second_of_day = (int)(ms_of_day / MS_PER_SECOND);
    struct civil c = {
        .day = (int)(day_of_year - (153 * month + 2) / 5 + 1),
        .hour = second_of_day / 3600,
        .minute = second_of_day / 60 % 60,
        .second = second_of_day % 60,
        .ms = (int)(ms_of_day % MS_PER_SECOND),
        .weekday = (int)(((days + 4) % 7 + 7) % 7), /* 1970-01-01 was a Thursday */
    };
    c.month = month < 10 ? month + 3 : month - 9;
    c.year = (int)(year_of_era + era * 400) + (c.month <= 2);
    return c;
}

static bool civil_valid(const struct civil *c)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (c->month < 1 || c->month > 12 || c->day < 1) return false;
    bool leap = (c->year % 4 == 0 && c->year % 100 != 0) || c->year % 400 == 0;
    if (c->day > lengths[c->month - 1] + (c->month == 2 && leap)) return false;
    return c->hour <= 23 && c->minute <= 59 && c->second <= 60;
}

/* Milliseconds of a valid `c` that stands `offset_minutes` east of UTC. */
static enum ag_err civil_to_ms(const struct civil *c, int offset_minutes, int64_t *ret_wall_ms)
{
    int64_t minutes = days_from_civil(c->year, c->month, c->day) * 1440 + c->hour * 60 + c->minute -
                      offset_minutes;
    /* A leap second ends a UTC day; it counts as the second after it. */
    if (c->second == 60 && ((minutes + 1) % 1440) != 0) return AG_E_INVALID;
    int64_t ms = (minutes * 60 + c->second) * MS_PER_SECOND + c->ms;
    if (ms < first_ms || ms > last_ms) return AG_E_INVALID;
    *ret_wall_ms = ms;
    return AG_OK;
}

static void put_digits(char *out, int value, int digits)
{
    for (int i = digits - 1; i >= 0; i--) {
        out[i] = (char)('0' + value % 10);
        value /= 10;
    }
}

struct ag_str ag_time_format(int64_t wall_ms, char out[AG_TIME_TEXT_BYTES])
{
    struct civil c = civil_from_ms(wall_ms);
    memcpy(out, "0000-00-00T00:00:00.000Z", AG_TIME_TEXT_BYTES);
    put_digits(out, c.year, 4);
    put_digits(out + 5, c.month, 2);
    put_digits(out + 8, c.day, 2);
    put_digits(out + 11, c.hour, 2);
    put_digits(out + 14, c.minute, 2);
    put_digits(out + 17, c.second, 2);
    put_digits(out + 20, c.ms, 3);
    return (struct ag_str){out, AG_TIME_TEXT_BYTES - 1};
}

/* Takes `digits` decimal digits off the front. */
static bool take_digits(struct ag_str *rest, int digits, int *ret_value)
{
    if (rest->len < (size_t)digits) return false;
    int value = 0;
    for (int i = 0; i < digits; i++) {
        char c = rest->data[i];
        if (c < '0' || c > '9') return false;
        value = value * 10 + (c - '0');
    }
    *rest = ag_str_sub(*rest, (size_t)digits, rest->len);
    *ret_value = value;
    return true;
}

/* Takes one of the characters of `any` off the front; 0 when none is there. */
static char take_char(struct ag_str *rest, const char *any)
{
    if (rest->len == 0 || rest->data[0] == '\0' || !strchr(any, rest->data[0])) return 0;
    char c = rest->data[0];
    *rest = ag_str_sub(*rest, 1, rest->len);
    return c;
}

static bool take_fraction(struct ag_str *rest, int *ret_ms)
{
    int digits = 0, ms = 0, digit;
    while (take_digits(rest, 1, &digit)) {
        if (digits < 3) ms = ms * 10 + digit;
        if (++digits > 9) return false;
    }
    for (int i = digits; i < 3; i++)
        ms *= 10;
    *ret_ms = ms;
    return digits > 0;
}

static bool take_offset(struct ag_str *rest, int *ret_minutes)
{
    char sign = take_char(rest, "Zz+-");
    if (sign == 'Z' || sign == 'z') {
        *ret_minutes = 0;
        return true;
    }
    int hours, minutes;
    if (!sign || !take_digits(rest, 2, &hours) || !take_char(rest, ":") ||
        !take_digits(rest, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *ret_minutes = (sign == '-' ? -1 : 1) * (hours * 60 + minutes);
    return true;
}

enum ag_err ag_time_parse(struct ag_str text, int64_t *ret_wall_ms)
{
    struct civil c = {0};
    struct ag_str rest = text;
    int offset;
    bool good = take_digits(&rest, 4, &c.year) && take_char(&rest, "-") &&
                take_digits(&rest, 2, &c.month) && take_char(&rest, "-") &&
                take_digits(&rest, 2, &c.day) && take_char(&rest, "Tt") &&
                take_digits(&rest, 2, &c.hour) && take_char(&rest, ":") &&
                take_digits(&rest, 2, &c.minute) && take_char(&rest, ":") &&
                take_digits(&rest, 2, &c.second);
    if (good && take_char(&rest, ".")) good = take_fraction(&rest, &c.ms);
    if (!good || !take_offset(&rest, &offset) || rest.len > 0 || !civil_valid(&c))
        return AG_E_INVALID;
    return civil_to_ms(&c, offset, ret_wall_ms);
}

/* ---- HTTP dates, RFC 9110 5.6.7 ---- */

static const char weekdays[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct ag_str ag_time_http(int64_t wall_ms, char out[30])
{
    struct civil c = civil_from_ms(wall_ms);
    memcpy(out, "Sun, 00 Jan 0000 00:00:00 GMT", 30);
    memcpy(out, weekdays[c.weekday], 3);
    put_digits(out + 5, c.day, 2);
    memcpy(out + 8, months[c.month - 1], 3);
    put_digits(out + 12, c.year, 4);
    put_digits(out + 17, c.hour, 2);
    put_digits(out + 20, c.minute, 2);
    put_digits(out + 23, c.second, 2);
    return (struct ag_str){out, 29};
}

static bool take_text(struct ag_str *rest, const char *text)
{
    struct ag_str expected = ag_str(text);
    if (!ag_str_starts_with(*rest, expected)) return false;
    *rest = ag_str_sub(*rest, expected.len, rest->len);
    return true;
}

static bool take_weekday(struct ag_str *rest)
{
    for (size_t i = 0; i < AG_COUNT(weekdays); i++)
        if (take_text(rest, weekdays[i])) return true;
    return false;
}

static bool take_month(struct ag_str *rest, int *ret_month)
{
    for (size_t i = 0; i < AG_COUNT(months); i++) {
        if (!take_text(rest, months[i])) continue;
        *ret_month = (int)i + 1;
        return true;
    }
    return false;
}

static bool take_clock(struct ag_str *rest, struct civil *c)
{
    return take_digits(rest, 2, &c->hour) && take_text(rest, ":") &&
           take_digits(rest, 2, &c->minute) && take_text(rest, ":") &&
           take_digits(rest, 2, &c->second);
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static bool parse_fixdate(struct ag_str rest, struct civil *c)
{
    return take_weekday(&rest) && take_text(&rest, ", ") && take_digits(&rest, 2, &c->day) &&
           take_text(&rest, " ") && take_month(&rest, &c->month) && take_text(&rest, " ") &&
           take_digits(&rest, 4, &c->year) && take_text(&rest, " ") && take_clock(&rest, c) &&
           ag_str_eq(rest, AG_STR(" GMT"));
}

/* "Sunday, 06-Nov-94 08:49:37 GMT". A year that would be more than 50 years ahead is a past one. */
static bool parse_rfc850(struct ag_str rest, struct civil *c)
{
    bool good = take_weekday(&rest) &&
                (take_text(&rest, "day") || take_text(&rest, "sday") ||
                 take_text(&rest, "nesday") || take_text(&rest, "rsday") ||
                 take_text(&rest, "urday")) &&
                take_text(&rest, ", ") && take_digits(&rest, 2, &c->day) && take_text(&rest, "-") &&
                take_month(&rest, &c->month) && take_text(&rest, "-") &&
                take_digits(&rest, 2, &c->year) && take_text(&rest, " ") && take_clock(&rest, c) &&
                ag_str_eq(rest, AG_STR(" GMT"));
    if (!good) return false;
    int now = civil_from_ms(ag_wall_ms()).year;
    c->year += now - now % 100;
    if (c->year > now + 50) c->year -= 100;
    return true;
}

/* "Sun Nov  6 08:49:37 1994", as the C library's function of that name writes it. */
static bool parse_unix(struct ag_str rest, struct civil *c)
{
    return take_weekday(&rest) && take_text(&rest, " ") && take_month(&rest, &c->month) &&
           take_text(&rest, " ") &&
           (take_text(&rest, " ") ? take_digits(&rest, 1, &c->day)
                                  : take_digits(&rest, 2, &c->day)) &&
           take_text(&rest, " ") && take_clock(&rest, c) && take_text(&rest, " ") &&
           take_digits(&rest, 4, &c->year) && rest.len == 0;
}

enum ag_err ag_time_parse_http(struct ag_str text, int64_t *ret_wall_ms)
{
    struct civil c = {0};
    bool good = parse_fixdate(text, &c) || parse_rfc850(text, &c) || parse_unix(text, &c);
    if (!good || !civil_valid(&c)) return AG_E_INVALID;
    return civil_to_ms(&c, 0, ret_wall_ms);
}
