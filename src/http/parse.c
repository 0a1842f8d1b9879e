#include "http/parse.h"

/* ---- head ---- */

static int on_target(llhttp_t *llhttp, const char *at, size_t len)
{
    struct ag_head *head = llhttp->data;
    if (head->target_len == 0) head->target = (uint16_t)(at - head->base);
    head->target_len = (uint16_t)(at + len - head->base - head->target);
    if (head->target_len <= AG_HTTP_MAX_URI_BYTES) return 0;
    head->err = AG_E_URI_TOO_LONG;
    return HPE_USER;
}

static int on_name(llhttp_t *llhttp, const char *at, size_t len)
{
    struct ag_head *head = llhttp->data;
    uint16_t offset = (uint16_t)(at - head->base);
    if (head->count > 0) {
        /* At least a colon lies between two names, so a piece that follows at once is the rest of
         * one that the last read cut off. */
        struct ag_head_field *last = &head->fields[head->count - 1];
        if (last->name + last->name_len == offset) {
            last->name_len = (uint16_t)(last->name_len + len);
            return 0;
        }
    }
    if (head->count == AG_HTTP_MAX_HEADERS) {
        head->err = AG_E_HEADERS_TOO_LARGE;
        return HPE_USER;
    }
    head->fields[head->count++] = (struct ag_head_field){.name = offset, .name_len = (uint16_t)len};
    return 0;
}

static int on_value(llhttp_t *llhttp, const char *at, size_t len)
{
    struct ag_head *head = llhttp->data;
    AG_ASSERT(head->count > 0);
    struct ag_head_field *last = &head->fields[head->count - 1];
    if (last->value_len == 0) last->value = (uint16_t)(at - head->base);
    last->value_len = (uint16_t)(at + len - head->base - last->value);
    return 0;
}

static int on_head_complete(llhttp_t *llhttp)
{
    struct ag_head *head = llhttp->data;
    head->complete = true;
    /* No protocol is switched here; a body that follows is an ordinary one. */
    llhttp->upgrade = 0;
    return HPE_PAUSED;
}

static const llhttp_settings_t head_settings = {
    .on_url = on_target,
    .on_header_field = on_name,
    .on_header_value = on_value,
    .on_headers_complete = on_head_complete,
};

void ag_head_init(struct ag_head *head, llhttp_t *llhttp)
{
    head->base = NULL;
    head->err = AG_OK;
    head->complete = false;
    head->parsed = 0;
    head->target = head->target_len = head->count = 0;
    llhttp_init(llhttp, HTTP_REQUEST, &head_settings);
}

static bool is_token_char(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != 0 && strchr("!#$%&'*+-.^_`|~", c));
}

/* A well-formed method nobody here knows, or not a request at all (a TLS handshake, say)? */
static enum ag_err judge_method(const char *data, size_t len)
{
    size_t n = 0;
    while (n < len && n < 32 && is_token_char((unsigned char)data[n]))
        n++;
    if (n > 0 && (n == len || data[n] == ' '))
        return ag_fail(AG_E_NOT_IMPLEMENTED, "the method is not known");
    return ag_fail(AG_E_BAD_REQUEST, "this is not an HTTP request");
}

static enum ag_err judge_failure(const struct ag_head *head, const llhttp_t *llhttp,
                                 llhttp_errno_t error, const char *data, size_t len)
{
    switch (head->err) {
    case AG_OK:
        break;
    case AG_E_URI_TOO_LONG:
        return ag_fail(head->err, "the address has more than %d bytes", AG_HTTP_MAX_URI_BYTES);
    default:
        return ag_fail(head->err, "there are more than %d header fields", AG_HTTP_MAX_HEADERS);
    }
    switch (error) {
    case HPE_INVALID_METHOD:
        return judge_method(data, len);
    case HPE_PAUSED_H2_UPGRADE:
        return ag_fail(AG_E_HTTP_VERSION, "HTTP/2 is not spoken here");
    case HPE_INVALID_VERSION:
        return ag_fail(llhttp->http_major > 1 ? AG_E_HTTP_VERSION : AG_E_BAD_REQUEST,
                       "malformed request: %s", llhttp_get_error_reason(llhttp));
    default:
        return ag_fail(AG_E_BAD_REQUEST, "malformed request: %s", llhttp_get_error_reason(llhttp));
    }
}

enum ag_err ag_head_parse(struct ag_head *head, llhttp_t *llhttp, const char *data, size_t len)
{
    AG_ASSERT(!head->complete && len >= head->parsed);
    if (len > 0 && (data[0] == '\r' || data[0] == '\n'))
        return ag_fail(AG_E_BAD_REQUEST, "malformed request: it begins with an empty line");

    size_t limit = AG_MIN(len, (size_t)AG_HTTP_MAX_HEADER_BYTES);
    head->base = data;
    llhttp->data = head;
    llhttp_errno_t error = llhttp_execute(llhttp, data + head->parsed,
                                          limit - (size_t)head->parsed);
    if (error == HPE_PAUSED && head->complete) {
        head->parsed = (uint32_t)(llhttp_get_error_pos(llhttp) - data);
        return AG_OK;
    }
    if (error != HPE_OK) return judge_failure(head, llhttp, error, data, limit);
    head->parsed = (uint32_t)limit;
    if (limit < AG_HTTP_MAX_HEADER_BYTES) return AG_OK;
    return ag_fail(AG_E_HEADERS_TOO_LARGE, "the header fields have more than %d bytes",
                   AG_HTTP_MAX_HEADER_BYTES);
}

/* ---- judging a complete head ---- */

static enum ag_method method_of(const llhttp_t *llhttp)
{
    switch (llhttp->method) {
    case HTTP_GET:
        return AG_GET;
    case HTTP_HEAD:
        return AG_HEAD;
    case HTTP_POST:
        return AG_POST;
    case HTTP_PUT:
        return AG_PUT;
    case HTTP_PATCH:
        return AG_PATCH;
    case HTTP_DELETE:
        return AG_DELETE;
    case HTTP_OPTIONS:
        return AG_OPTIONS;
    default:
        return AG_METHOD_OTHER;
    }
}

/* llhttp takes runs of spaces, HTTP/0.9, RTSP and ICE; the line must be exactly
 * `method SP target SP HTTP/1.x CRLF` (RFC 9112 3). */
static enum ag_err judge_request_line(const struct ag_head *head, const llhttp_t *llhttp,
                                      const char *data)
{
    if (llhttp->http_major != 1) {
        if (llhttp->http_major == 0)
            return ag_fail(AG_E_BAD_REQUEST, "malformed request: no HTTP version");
        return ag_fail(AG_E_HTTP_VERSION, "HTTP/%d is not spoken here", llhttp->http_major);
    }
    static const char versions[2][12] = {" HTTP/1.0\r\n", " HTTP/1.1\r\n"};
    size_t end = (size_t)head->target + head->target_len;
    bool exact = head->target >= 2 && data[head->target - 1] == ' ' &&
                 data[head->target - 2] != ' ' && llhttp->http_minor <= 1 &&
                 head->parsed >= end + 11 &&
                 memcmp(data + end, versions[llhttp->http_minor], 11) == 0;
    if (!exact) return ag_fail(AG_E_BAD_REQUEST, "malformed request line");
    return AG_OK;
}

/* The header fields that frame the message or belong to the server. */
struct known_fields {
    struct ag_str host, expect, request_id, content_length, transfer_encoding;
    unsigned hosts, expects, content_lengths, transfer_encodings;
};

static bool named(struct ag_str name, const char *text)
{
    return ag_str_eq_nocase(name, (struct ag_str){text, name.len});
}

static void note_field(struct known_fields *known, const struct ag_header *field)
{
    struct ag_str name = field->name;
    switch (name.len) {
    case 4:
        if (!named(name, "Host")) return;
        known->host = field->value;
        known->hosts++;
        return;
    case 6:
        if (!named(name, "Expect")) return;
        known->expect = field->value;
        known->expects++;
        return;
    case 12:
        if (named(name, "X-Request-Id")) known->request_id = field->value;
        return;
    case 14:
        if (!named(name, "Content-Length")) return;
        known->content_length = field->value;
        known->content_lengths++;
        return;
    case 17:
        if (!named(name, "Transfer-Encoding")) return;
        known->transfer_encoding = field->value;
        known->transfer_encodings++;
        return;
    default:
        return;
    }
}

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* host [":" port] with the characters names and addresses are made of (RFC 3986 3.2.2). */
static bool is_authority(struct ag_str s)
{
    size_t i = 0;
    if (s.len > 255) return false;
    if (s.len > 0 && s.data[0] == '[') {
        for (i = 1; i < s.len && s.data[i] != ']'; i++)
            if (!is_alnum(s.data[i]) && s.data[i] != ':' && s.data[i] != '.') return false;
        if (i == s.len || i == 1) return false;
        i++;
    } else {
        while (i < s.len && (is_alnum(s.data[i]) || memchr("-._~", s.data[i], 4)))
            i++;
    }
    if (i == 0) return false;
    if (i == s.len) return true;
    if (s.data[i++] != ':') return false;
    size_t digits = s.len - i;
    for (; i < s.len; i++)
        if (s.data[i] < '0' || s.data[i] > '9') return false;
    return digits <= 5;
}

static enum ag_err judge_framing(const struct known_fields *known, const llhttp_t *llhttp,
                                 struct ag_framing *framing)
{
    bool has_length = known->content_lengths > 0, has_coding = known->transfer_encodings > 0;
    if (known->content_lengths > 1 || known->transfer_encodings > 1 || (has_length && has_coding))
        return ag_fail(AG_E_BAD_REQUEST, "the length of the body is given more than once");
    if (has_coding) {
        /* RFC 9112 6.1: a coding that is not understood cannot be framed, and 1.0 has none. */
        if (llhttp->http_minor == 0 || !(llhttp->flags & F_CHUNKED) ||
            !ag_str_eq_nocase(known->transfer_encoding, AG_STR("chunked")))
            return ag_fail(AG_E_BAD_REQUEST, "Transfer-Encoding must be chunked");
        framing->chunked = true;
    }
    if (has_length) {
        bool digits = known->content_length.len > 0;
        for (size_t i = 0; i < known->content_length.len; i++)
            digits &= known->content_length.data[i] >= '0' && known->content_length.data[i] <= '9';
        if (!digits || llhttp->content_length > INT64_MAX)
            return ag_fail(AG_E_BAD_REQUEST, "Content-Length is not a number");
        framing->content_length = llhttp->content_length;
    }
    framing->keep_alive = llhttp->http_minor > 0 ? !(llhttp->flags & F_CONNECTION_CLOSE)
                                                 : (llhttp->flags & F_CONNECTION_KEEP_ALIVE) &&
                                                       !(llhttp->flags & F_CONNECTION_CLOSE);
    /* RFC 9110 10.1.1: ignored from HTTP/1.0 clients. */
    if (known->expects > 0 && llhttp->http_minor > 0) {
        if (known->expects > 1 || !ag_str_eq_nocase(known->expect, AG_STR("100-continue")))
            return ag_fail(AG_E_EXPECTATION, "only Expect: 100-continue is understood");
        framing->expect_continue = framing->chunked || framing->content_length > 0;
    }
    return AG_OK;
}

static enum ag_err judge_host(const struct known_fields *known, const llhttp_t *llhttp)
{
    if (known->hosts > 1) return ag_fail(AG_E_BAD_REQUEST, "there is more than one Host field");
    if (known->hosts == 0) {
        if (llhttp->http_minor == 0) return AG_OK;
        return ag_fail(AG_E_BAD_REQUEST, "the Host field is missing");
    }
    if (!is_authority(known->host)) return ag_fail(AG_E_BAD_REQUEST, "the Host field is malformed");
    return AG_OK;
}

/* The path and query of `target` in whichever form (RFC 9112 3.2). */
static enum ag_err judge_target(struct ag_request *req, const struct known_fields *known,
                                struct ag_framing *framing)
{
    struct ag_str rest = req->target;
    for (size_t i = 0; i < rest.len; i++) {
        unsigned char c = (unsigned char)rest.data[i];
        if (c <= ' ' || c >= 0x7F || c == '#')
            return ag_fail(AG_E_BAD_REQUEST, "the address has characters that must be escaped");
    }
    if (rest.len == 1 && rest.data[0] == '*' && req->method == AG_OPTIONS) {
        framing->asterisk = true;
        req->path = AG_STR("/");
        return AG_OK;
    }
    if (rest.len > 0 && rest.data[0] != '/') {
        size_t scheme = 0;
        if (rest.len > 7 && ag_str_eq_nocase(ag_str_n(rest.data, 7), AG_STR("http://")))
            scheme = 7;
        else if (rest.len > 8 && ag_str_eq_nocase(ag_str_n(rest.data, 8), AG_STR("https://")))
            scheme = 8;
        else
            return ag_fail(AG_E_BAD_REQUEST, "the address must begin with a slash");
        size_t end = scheme;
        while (end < rest.len && rest.data[end] != '/' && rest.data[end] != '?')
            end++;
        struct ag_str authority = {rest.data + scheme, end - scheme};
        /* The target's authority would override Host; a client that names two is refused. */
        if (!is_authority(authority) ||
            (known->hosts > 0 && !ag_str_eq_nocase(authority, known->host)))
            return ag_fail(AG_E_BAD_REQUEST, "the address names another host than the Host field");
        rest = ag_str_sub(rest, end, rest.len);
    }
    ptrdiff_t mark = ag_str_find_char(rest, '?');
    if (mark >= 0) {
        req->query = ag_str_sub(rest, (size_t)mark + 1, rest.len);
        rest.len = (size_t)mark;
    }
    if (rest.len == 0) rest = AG_STR("/");
    return ag_path_normalize(req->arena, rest, &req->path);
}

/* At most 128 printable characters that need no quoting anywhere. */
static bool is_request_id(struct ag_str s)
{
    if (s.len == 0 || s.len > AG_HTTP_MAX_REQUEST_ID) return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i];
        if (c <= ' ' || c >= 0x7F || c == '"' || c == '\'' || c == '\\' || c == '`') return false;
    }
    return true;
}

enum ag_err ag_request_judge(const struct ag_head *head, const llhttp_t *llhttp, const char *data,
                             struct ag_request *req, struct ag_framing *ret_framing)
{
    AG_ASSERT(head->complete);
    AG_TRY(judge_request_line(head, llhttp, data));
    if (llhttp->method == HTTP_CONNECT)
        return ag_fail(AG_E_NOT_IMPLEMENTED, "this server is no proxy");

    /* One block: the fields, then the bytes they point into. */
    size_t table_bytes = sizeof(struct ag_header) * head->count;
    char *block = ag_arena_alloc(req->arena, table_bytes + head->parsed);
    if (!block) return ag_fail(AG_E_NO_MEMORY, "no memory for a request");
    struct ag_header *fields = (struct ag_header *)(void *)block;
    const char *copy = memcpy(block + table_bytes, data, head->parsed);

    req->method = method_of(llhttp);
    req->method_text = (struct ag_str){copy, head->target - 1u};
    req->target = (struct ag_str){copy + head->target, head->target_len};
    req->minor = llhttp->http_minor;
    req->headers = fields;
    req->header_count = head->count;

    struct known_fields known = {0};
    for (size_t i = 0; i < head->count; i++) {
        const struct ag_head_field *f = &head->fields[i];
        fields[i].name = (struct ag_str){copy + f->name, f->name_len};
        fields[i].value = ag_str_trim((struct ag_str){copy + f->value, f->value_len});
        note_field(&known, &fields[i]);
    }
    struct ag_framing framing = {0};
    AG_TRY(judge_host(&known, llhttp));
    AG_TRY(judge_framing(&known, llhttp, &framing));
    AG_TRY(judge_target(req, &known, &framing));
    if (is_request_id(known.request_id)) req->request_id = known.request_id;
    *ret_framing = framing;
    return AG_OK;
}

/* ---- chunked bodies ---- */

static int on_chunk(llhttp_t *llhttp)
{
    struct ag_chunked *chunked = llhttp->data;
    chunked->chunks++;
    struct ag_buf *out = chunked->out;
    /* The announced length is known before its bytes: no need to take in what will not fit. */
    if (!out || llhttp->content_length <= out->max - out->len) return 0;
    chunked->err = AG_E_TOO_LARGE;
    return HPE_USER;
}

static int on_chunk_data(llhttp_t *llhttp, const char *at, size_t len)
{
    struct ag_chunked *chunked = llhttp->data;
    chunked->data_bytes += len;
    if (!chunked->out) return 0;
    chunked->err = ag_buf_append(chunked->out, at, len);
    return chunked->err ? HPE_USER : 0;
}

static int on_body_complete(llhttp_t *llhttp)
{
    struct ag_chunked *chunked = llhttp->data;
    chunked->done = true;
    return HPE_PAUSED;
}

static const llhttp_settings_t chunked_settings = {
    .on_chunk_header = on_chunk,
    .on_body = on_chunk_data,
    .on_message_complete = on_body_complete,
};

void ag_chunked_init(struct ag_chunked *chunked, llhttp_t *llhttp, struct ag_buf *out)
{
    *chunked = (struct ag_chunked){.out = out};
    llhttp->settings = (void *)(uintptr_t)&chunked_settings;
    llhttp_resume(llhttp);
}

/* Extensions and trailers are read and dropped, but not for ever: beyond a few bytes for each chunk
 * they may take so many in all. */
static bool overhead_too_large(const struct ag_chunked *chunked)
{
    uint64_t fair = chunked->data_bytes + 16 * chunked->chunks + AG_HTTP_CHUNK_OVERHEAD_BYTES;
    return chunked->raw_bytes > fair;
}

enum ag_err ag_chunked_parse(struct ag_chunked *chunked, llhttp_t *llhttp, const char *data,
                             size_t len, size_t *ret_used)
{
    AG_ASSERT(!chunked->done);
    llhttp->data = chunked;
    llhttp_errno_t error = llhttp_execute(llhttp, data, len);
    size_t used = len;
    if (error == HPE_PAUSED && chunked->done)
        used = (size_t)(llhttp_get_error_pos(llhttp) - data);
    else if (chunked->err == AG_E_TOO_LARGE)
        return ag_fail(AG_E_TOO_LARGE, "the body has more than %zu bytes", chunked->out->max);
    else if (chunked->err)
        return chunked->err;
    else if (error != HPE_OK)
        return ag_fail(AG_E_BAD_REQUEST, "malformed chunk: %s", llhttp_get_error_reason(llhttp));

    chunked->raw_bytes += used;
    if (overhead_too_large(chunked))
        return ag_fail(AG_E_BAD_REQUEST, "malformed chunk: too many extensions or trailers");
    *ret_used = used;
    return AG_OK;
}
