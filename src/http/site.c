#include "http/site.h"

#include "runtime/offload.h"

enum { ELEMENTS = 16 };

/* ---- which file ---- */

struct elements {
    struct ag_str items[ELEMENTS];
    size_t count;
};

/* Elements that no file of an export has end the search: empty ones, hidden files, and what another
 * system might take for a way upwards. */
static bool cut(struct ag_str path, struct elements *ret_elements)
{
    AG_ASSERT(path.len > 0 && path.data[0] == '/');
    struct ag_str rest = ag_str_sub(path, 1, path.len), element;
    ret_elements->count = 0;
    while (ag_str_split(&rest, '/', &element)) {
        if (element.len == 0 || element.data[0] == '.' || ret_elements->count == ELEMENTS)
            return false;
        if (ag_str_find_char(element, '\\') >= 0) return false;
        ret_elements->items[ret_elements->count++] = element;
    }
    return ret_elements->count > 0;
}

/* Whether an element can be the value of a parameter. `_` and `_next` are the export's own, and a
 * dot is that of a file's name, but for the form in which the router asks for a page's data. */
static bool can_be_parameter(const struct elements *path, size_t i)
{
    struct ag_str element = path->items[i];
    if (ag_str_eq(element, AG_STR("_")) || ag_str_eq(element, AG_STR("_next"))) return false;
    if (i + 1 == path->count && ag_str_ends_with(element, AG_STR(".txt"))) element.len -= 4;
    return element.len > 0 && ag_str_find_char(element, '.') < 0;
}

/* Adds `s` to the file's path; what is too long leaves it without a length. */
static void add(struct ag_site_match *match, struct ag_str s)
{
    if (match->file_len + s.len > sizeof(match->file)) return;
    memcpy(match->file + match->file_len, s.data, s.len);
    match->file_len += s.len;
}

/* The file's path with the elements of `swapped` as `_`: the first element is the highest bit. */
static void put_path(const struct elements *path, unsigned swapped, struct ag_site_match *match)
{
    match->file_len = 0;
    for (size_t i = 0; i < path->count; i++) {
        struct ag_str element = path->items[i];
        add(match, AG_STR("/"));
        if (!(swapped & 1U << (path->count - 1 - i))) {
            add(match, element);
            continue;
        }
        add(match, AG_STR("_"));
        if (ag_str_ends_with(element, AG_STR(".txt"))) add(match, AG_STR(".txt"));
    }
}

static bool has(const struct ag_site_files *files, const struct ag_site_match *match)
{
    return files->has(files->arg, ag_str_n(match->file, match->file_len));
}

/* The path as it is, then as a page. */
static bool find_one(const struct ag_site_files *files, const struct elements *path,
                     unsigned swapped, struct ag_site_match *match)
{
    put_path(path, swapped, match);
    if (has(files, match)) return true;
    add(match, AG_STR(".html"));
    return has(files, match);
}

/* As Next.js: what stands there literally wins over a parameter, the earlier elements first. */
static bool find(const struct ag_site_files *files, struct ag_str path, struct ag_site_match *match)
{
    struct elements elements;
    if (path.len + sizeof("/_.html") > sizeof(match->file) || !cut(path, &elements)) return false;
    if (find_one(files, &elements, 0, match)) return true;
    if (elements.count > AG_SITE_PARAMETERS) return false;
    unsigned can = 0;
    for (size_t i = 0; i < elements.count; i++)
        if (can_be_parameter(&elements, i)) can |= 1U << (elements.count - 1 - i);
    for (unsigned swapped = 1; swapped < 1U << elements.count; swapped++)
        if ((swapped & ~can) == 0 && find_one(files, &elements, swapped, match)) return true;
    return false;
}

void ag_site_find(const struct ag_site_files *files, struct ag_str path, bool page_wanted,
                  struct ag_site_match *ret_match)
{
    struct ag_str without_slash = path;
    bool slash = path.len > 1 && path.data[path.len - 1] == '/';
    if (slash) without_slash.len--;
    if (path.len == 1) without_slash = AG_STR("/index.html");
    if (find(files, without_slash, ret_match)) {
        struct ag_str file = {ret_match->file, ret_match->file_len};
        ret_match->status = ag_str_eq(file, AG_STR("/404.html")) ? 404 : 200;
        if (!slash) return;
        ret_match->status = 308;
        ret_match->file_len = 0;
        add(ret_match, without_slash);
        return;
    }
    ret_match->status = 404;
    if (page_wanted && find(files, AG_STR("/404.html"), ret_match)) return;
    ret_match->file_len = 0;
}

/* ---- the answer ---- */

static bool in_table(const void *arg, struct ag_str path)
{
    return ag_asset_find(arg, path) != NULL;
}

/* A browser that goes somewhere takes a page; a script that asks for data, or an image, does not.
 */
static bool wants_page(const struct ag_request *req)
{
    if (ag_str_starts_with(req->path, AG_STR("/_next/"))) return false;
    for (size_t i = 0; i < req->header_count; i++)
        if (ag_str_eq_nocase(req->headers[i].name, AG_STR("Accept")) &&
            ag_str_find(req->headers[i].value, AG_STR("text/html")) >= 0)
            return true;
    return false;
}

/* The path goes back escaped: a browser takes a backslash, and two slashes at the start, for the
 * beginning of another host. Only a path that has a file comes here. */
static enum ag_err reply_moved(struct ag_request *req, struct ag_str path)
{
    static const char digits[] = "0123456789ABCDEF", plain[] = "/-._~!$&'()*+,;=:@";
    struct ag_buf location;
    ag_buf_init(&location, req->arena, AG_HTTP_MAX_URI_BYTES * 2);
    for (size_t i = 0; i < path.len; i++) {
        unsigned char c = (unsigned char)path.data[i];
        bool alnum = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        if (alnum || (c < 0x80 && strchr(plain, c))) {
            ag_buf_append_char(&location, (char)c);
            continue;
        }
        ag_buf_append_char(&location, '%');
        ag_buf_append_char(&location, digits[c >> 4]);
        ag_buf_append_char(&location, digits[c & 15]);
    }
    if (req->query.len > 0) {
        ag_buf_append_char(&location, '?');
        ag_buf_append_str(&location, req->query);
    }
    AG_TRY(ag_buf_err(&location));
    ag_reply_header(req, "Location", ag_buf_str(&location));
    return ag_reply(req, 308, NULL, (struct ag_str){NULL, 0});
}

/* What is no file, or is asked to do what files do not. */
static enum ag_err check(struct ag_request *req, const struct ag_site_match *match)
{
    bool get = req->method == AG_GET || req->method == AG_HEAD;
    if (match->file_len == 0 || (!get && match->status == 404))
        return ag_fail(AG_E_NOT_FOUND, "there is nothing at this path");
    if (get) return AG_OK;
    ag_reply_header(req, "Allow", AG_STR("GET, HEAD"));
    return ag_fail(AG_E_METHOD_NOT_ALLOWED, "this path has no such method");
}

struct dir_job {
    const char *dir;
    struct ag_str path;
    bool page_wanted;
    struct ag_site_match match;
    struct ag_site_file file;
};

static enum ag_err read_job(void *arg)
{
    struct dir_job *job = arg;
    return ag_site_dir_read(job->dir, job->path, job->page_wanted, &job->match, &job->file);
}

static enum ag_err reply_from_dir(const struct ag_site *site, struct ag_request *req)
{
    struct dir_job *job = ag_arena_alloc(req->arena, sizeof(*job));
    if (!job) return ag_fail(AG_E_NO_MEMORY, "no memory for a file");
    *job = (struct dir_job){.dir = site->dir, .path = req->path, .page_wanted = wants_page(req)};
    AG_TRY(ag_offload(read_job, job));
    enum ag_err err = check(req, &job->match);
    if (err == AG_OK && job->match.status == 308)
        err = reply_moved(req, ag_str_n(job->match.file, job->match.file_len));
    else if (err == AG_OK)
        err = ag_reply_asset(req, &job->file.asset, job->match.status);
    free(job->file.data);
    return err;
}

enum ag_err ag_site_reply(const struct ag_site *site, struct ag_request *req)
{
    if (site->dir) return reply_from_dir(site, req);
    struct ag_site_match match;
    const struct ag_site_files files = {in_table, site->assets};
    ag_site_find(&files, req->path, wants_page(req), &match);
    AG_TRY(check(req, &match));
    struct ag_str file = {match.file, match.file_len};
    if (match.status == 308) return reply_moved(req, file);
    return ag_reply_asset(req, ag_asset_find(site->assets, file), match.status);
}
