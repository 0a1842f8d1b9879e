#include "base/id.h"

#include "base/clock.h"

#include <pthread.h>
#include <sodium.h>

static pthread_once_t sodium_once = PTHREAD_ONCE_INIT;

static void sodium_start(void)
{
    AG_ASSERT(sodium_init() >= 0);
}

void ag_random_bytes(void *out, size_t n)
{
    pthread_once(&sodium_once, sodium_start);
    randombytes_buf(out, n);
}

uint32_t ag_random_below(uint32_t bound)
{
    AG_ASSERT(bound > 0);
    pthread_once(&sodium_once, sodium_start);
    return randombytes_uniform(bound);
}

/* A system call for 10 bytes would cost more than the rest of an id, so they are drawn in batches.
 * An id is no secret; keys and tokens use ag_random_bytes(). */
static _Thread_local struct {
    int64_t last_ms;
    unsigned counter; /* 12 bits */
    size_t left;
    unsigned char bytes[512];
} maker;

static void draw(void *out, size_t n)
{
    if (maker.left < n) {
        ag_random_bytes(maker.bytes, sizeof(maker.bytes));
        maker.left = sizeof(maker.bytes);
    }
    maker.left -= n;
    memcpy(out, maker.bytes + maker.left, n);
}

static void put_time(struct ag_uuid *id, int64_t ms)
{
    uint64_t value = ms < 0 ? 0 : (uint64_t)ms;
    for (int i = 0; i < 6; i++)
        id->bytes[i] = (uint8_t)(value >> (40 - 8 * i));
}

struct ag_uuid ag_uuid_new(void)
{
    struct ag_uuid id;
    int64_t now = ag_wall_ms();
    if (now > maker.last_ms) {
        /* A random start below half leaves at least 2048 ids before the counter is spent. */
        uint16_t start;
        draw(&start, sizeof(start));
        maker.last_ms = now;
        maker.counter = start & 0x7FF;
    } else if (++maker.counter > 0xFFF) {
        /* Spent, or the clock went back: borrow from the next millisecond (RFC 9562 6.2). */
        maker.last_ms++;
        maker.counter = 0;
    }
    put_time(&id, maker.last_ms);
    draw(id.bytes + 8, 8);
    id.bytes[6] = (uint8_t)(0x70 | (maker.counter >> 8));
    id.bytes[7] = (uint8_t)maker.counter;
    id.bytes[8] = (uint8_t)(0x80 | (id.bytes[8] & 0x3F));
    return id;
}

struct ag_uuid ag_uuid_at(int64_t wall_ms)
{
    struct ag_uuid id = {{0}};
    put_time(&id, wall_ms);
    id.bytes[6] = 0x70;
    id.bytes[8] = 0x80;
    return id;
}

int64_t ag_uuid_time_ms(struct ag_uuid id)
{
    uint64_t ms = 0;
    for (int i = 0; i < 6; i++)
        ms = ms << 8 | id.bytes[i];
    return (int64_t)ms;
}

static bool dash_before(int byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

struct ag_str ag_uuid_format(struct ag_uuid id, char out[AG_UUID_TEXT_BYTES])
{
    static const char hex[] = "0123456789abcdef";
    char *p = out;
    for (int i = 0; i < 16; i++) {
        if (dash_before(i)) *p++ = '-';
        *p++ = hex[id.bytes[i] >> 4];
        *p++ = hex[id.bytes[i] & 15];
    }
    *p = '\0';
    return (struct ag_str){out, AG_UUID_TEXT_BYTES - 1};
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

enum ag_err ag_uuid_parse(struct ag_str text, struct ag_uuid *ret_id)
{
    if (text.len != AG_UUID_TEXT_BYTES - 1) return AG_E_INVALID;
    struct ag_uuid id;
    const char *p = text.data;
    for (int i = 0; i < 16; i++) {
        if (dash_before(i) && *p++ != '-') return AG_E_INVALID;
        int high = nibble(p[0]), low = nibble(p[1]);
        if (high < 0 || low < 0) return AG_E_INVALID;
        id.bytes[i] = (uint8_t)(high << 4 | low);
        p += 2;
    }
    *ret_id = id;
    return AG_OK;
}

bool ag_uuid_eq(struct ag_uuid a, struct ag_uuid b)
{
    return memcmp(a.bytes, b.bytes, sizeof(a.bytes)) == 0;
}

bool ag_uuid_is_nil(struct ag_uuid id)
{
    return ag_uuid_eq(id, (struct ag_uuid){{0}});
}
