#include "http/static.h"

#include "http/conn.h"
#include "runtime/offload.h"

#include <zlib.h>

enum {
    ETAG_BYTES = 80,
    INLINE_INFLATE_BYTES = 32 * 1024, /* what is longer is inflated off the loop */
};

const struct ag_asset *ag_asset_find(const struct ag_asset_table *table, struct ag_str path)
{
    size_t low = 0, high = table->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct ag_asset *asset = &table->assets[middle];
        struct ag_str name = ag_str(asset->path);
        int order = memcmp(name.data, path.data, AG_MIN(name.len, path.len));
        if (order == 0) order = name.len < path.len ? -1 : name.len > path.len;
        if (order == 0) return asset;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* ---- which form (RFC 9110 12.5.3) ---- */

enum coding { IDENTITY, GZIP, BROTLI, CODINGS };

/* "0.123" in thousandths; -1 when it is no quality value. */
static int parse_quality(struct ag_str s)
{
    if (s.len == 0 || s.len > 5 || (s.data[0] != '0' && s.data[0] != '1')) return -1;
    int value = (s.data[0] - '0') * 1000, scale = 100;
    if (s.len > 1 && s.data[1] != '.') return -1;
    for (size_t i = 2; i < s.len; i++, scale /= 10) {
        if (s.data[i] < '0' || s.data[i] > '9') return -1;
        value += (s.data[i] - '0') * scale;
    }
    return value <= 1000 ? value : -1;
}

/* The quality of one list element; 1000 without one, 0 for a malformed one. */
static int quality_of(struct ag_str params)
{
    struct ag_str part;
    while (ag_str_split(&params, ';', &part)) {
        part = ag_str_trim(part);
        if (part.len < 2 || (part.data[0] | 0x20) != 'q' || part.data[1] != '=') continue;
        int quality = parse_quality(ag_str_sub(part, 2, part.len));
        return quality < 0 ? 0 : quality;
    }
    return 1000;
}

/* Qualities of the codings; -1 for what the field does not name. */
static void read_accept_encoding(struct ag_str field, int quality[CODINGS], int *ret_any)
{
    struct ag_str element;
    while (ag_str_split(&field, ',', &element)) {
        struct ag_str params = element, name;
        if (!ag_str_split(&params, ';', &name)) continue;
        name = ag_str_trim(name);
        int value = quality_of(params);
        if (ag_str_eq_nocase(name, AG_STR("br")))
            quality[BROTLI] = value;
        else if (ag_str_eq_nocase(name, AG_STR("gzip")) || ag_str_eq_nocase(name, AG_STR("x-gzip")))
            quality[GZIP] = value;
        else if (ag_str_eq_nocase(name, AG_STR("identity")))
            quality[IDENTITY] = value;
        else if (ag_str_eq(name, AG_STR("*")))
            *ret_any = value;
    }
}

/* The best form the client takes, the smallest of equals. */
static enum coding choose(const struct ag_request *req, const struct ag_asset *asset)
{
    int quality[CODINGS] = {-1, -1, -1}, any = -1;
    for (size_t i = 0; i < req->header_count; i++)
        if (ag_str_eq_nocase(req->headers[i].name, AG_STR("Accept-Encoding")))
            read_accept_encoding(req->headers[i].value, quality, &any);
    /* Not named: as "*" says, else only the identity is fine. */
    for (int i = 0; i < CODINGS; i++)
        if (quality[i] < 0) quality[i] = any >= 0 ? any : 0;
    enum coding best = IDENTITY;
    int best_quality = 0;
    if (asset->gzip && quality[GZIP] > best_quality) {
        best = GZIP;
        best_quality = quality[GZIP];
    }
    if (asset->br && quality[BROTLI] > 0 && quality[BROTLI] >= best_quality) {
        best = BROTLI;
        best_quality = quality[BROTLI];
    }
    if (quality[IDENTITY] > best_quality) best = IDENTITY;
    return best;
}

/* ---- has it already (RFC 9110 13.1.2) ---- */

static bool etag_matches(struct ag_str list, struct ag_str etag)
{
    list = ag_str_trim(list);
    if (ag_str_eq(list, AG_STR("*"))) return true;
    /* Our own tags hold no comma, so one inside a foreign tag cannot make a match. */
    struct ag_str tag;
    while (ag_str_split(&list, ',', &tag)) {
        tag = ag_str_trim(tag);
        if (ag_str_starts_with(tag, AG_STR("W/"))) tag = ag_str_sub(tag, 2, tag.len);
        if (ag_str_eq(tag, etag)) return true;
    }
    return false;
}

static bool has_it(const struct ag_request *req, struct ag_str etag)
{
    for (size_t i = 0; i < req->header_count; i++)
        if (ag_str_eq_nocase(req->headers[i].name, AG_STR("If-None-Match")) &&
            etag_matches(req->headers[i].value, etag))
            return true;
    return false;
}

/* Each form is a representation with a tag of its own: `"abc"`, `"abc-gzip"`, `"abc-br"`. */
static struct ag_str etag_of(const struct ag_asset *asset, enum coding coding, char out[ETAG_BYTES])
{
    static const char *const suffixes[CODINGS] = {"", "-gzip", "-br"};
    struct ag_str etag = ag_str(asset->etag);
    AG_ASSERT(etag.len >= 2 && etag.len < ETAG_BYTES - 8);
    int n = snprintf(out, ETAG_BYTES, "%.*s%s\"", (int)(etag.len - 1), etag.data, suffixes[coding]);
    return (struct ag_str){out, (size_t)n};
}

/* ---- inflating ---- */

struct inflate_job {
    const struct ag_asset *asset;
    uint8_t *out;
};

static enum ag_err inflate_asset(void *arg)
{
    struct inflate_job *job = arg;
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)job->asset->gzip,
                       .avail_in = (uInt)job->asset->gzip_bytes,
                       .next_out = job->out,
                       .avail_out = (uInt)job->asset->plain_bytes};
    if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK)
        return ag_fail(AG_E_NO_MEMORY, "no memory to inflate a file");
    int rc = inflate(&stream, Z_FINISH);
    bool whole = rc == Z_STREAM_END && stream.total_out == job->asset->plain_bytes;
    inflateEnd(&stream);
    if (!whole) return ag_fail(AG_E_INTERNAL, "the packed file %s is broken", job->asset->path);
    return AG_OK;
}

static enum ag_err plain_body(struct ag_request *req, const struct ag_asset *asset,
                              struct ag_str *ret_body)
{
    /* HEAD needs the length only. */
    *ret_body = (struct ag_str){"", asset->plain_bytes};
    if (req->method == AG_HEAD || asset->plain_bytes == 0) return AG_OK;
    if (asset->plain) {
        ret_body->data = (const char *)asset->plain;
        return AG_OK;
    }
    struct inflate_job job = {asset, ag_arena_alloc(req->arena, asset->plain_bytes)};
    if (!job.out) return ag_fail(AG_E_NO_MEMORY, "no memory to inflate a file");
    if (asset->plain_bytes <= INLINE_INFLATE_BYTES)
        AG_TRY(inflate_asset(&job));
    else
        AG_TRY(ag_offload(inflate_asset, &job));
    *ret_body = (struct ag_str){(const char *)job.out, asset->plain_bytes};
    return AG_OK;
}

static enum ag_err body_of(struct ag_request *req, const struct ag_asset *asset, enum coding coding,
                           struct ag_str *ret_body)
{
    if (coding == IDENTITY) return plain_body(req, asset, ret_body);
    *ret_body = coding == BROTLI ? (struct ag_str){(const char *)asset->br, asset->br_bytes}
                                 : (struct ag_str){(const char *)asset->gzip, asset->gzip_bytes};
    return AG_OK;
}

/* What lets the client keep the file and ask again. */
static void add_validators(struct ag_request *req, const struct ag_asset *asset, struct ag_str etag)
{
    ag_reply_header(req, "ETag", etag);
    ag_reply_header(req, "Cache-Control",
                    asset->immutable ? AG_STR("public, max-age=31536000, immutable")
                                     : AG_STR("no-cache"));
}

enum ag_err ag_reply_asset(struct ag_request *req, const struct ag_asset *asset, int status)
{
    enum coding coding = choose(req, asset);
    char etag_text[ETAG_BYTES];
    struct ag_str etag = etag_of(asset, coding, etag_text), body = {NULL, 0};
    bool unchanged = status == 200 && has_it(req, etag);
    if (!unchanged) {
        enum ag_err err = body_of(req, asset, coding, &body);
        if (err) return ag_reply_problem(req, err, NULL);
    }

    if (status == 200) add_validators(req, asset, etag);
    ag_reply_header(req, "Vary", AG_STR("Accept-Encoding"));
    if (asset->csp) ag_reply_header(req, "Content-Security-Policy", ag_str(asset->csp));
    if (unchanged) return ag_reply(req, 304, NULL, (struct ag_str){NULL, 0});
    if (coding != IDENTITY)
        ag_reply_header(req, "Content-Encoding", coding == GZIP ? AG_STR("gzip") : AG_STR("br"));
    return ag_reply(req, status, asset->content_type, body);
}
