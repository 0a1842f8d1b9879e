/* A site out of a folder, while it is being worked on: nothing is kept, nothing is compressed. */
#include "http/site.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

/* What a page may do that nobody has computed a policy for (tools/pack_assets.py --policies writes
 * one beside each page): its own scripts and styles, also those inside of it, and nothing else's.
 */
static const char page_policy[] =
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
static const char file_policy[] = "default-src 'none'; frame-ancestors 'none'";

static const struct {
    const char *extension, *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".txt", "text/plain; charset=utf-8"},
    {".json", "application/json"},
    {".webmanifest", "application/manifest+json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".webp", "image/webp"},
    {".avif", "image/avif"},
    {".jpg", "image/jpeg"},
    {".gif", "image/gif"},
    {".woff2", "font/woff2"},
    {".xml", "application/xml"},
};

const char *ag_site_content_type(struct ag_str path)
{
    for (size_t i = 0; i < AG_COUNT(types); i++)
        if (ag_str_ends_with(path, ag_str(types[i].extension))) return types[i].type;
    return "application/octet-stream";
}

bool ag_site_immutable(struct ag_str path)
{
    return ag_str_starts_with(path, AG_STR("/_next/static/chunks/")) ||
           ag_str_starts_with(path, AG_STR("/_next/static/media/")) ||
           ag_str_starts_with(path, AG_STR("/_next/static/css/"));
}

/* ---- within the folder ---- */

/* Opens a file below `dir`, one element after the other, so that neither ".." nor a link leads out;
 * -1 when it is not there or no file. */
static int open_beneath(int dir, struct ag_str path)
{
    char name[256];
    int at = dir, fd = -1;
    for (struct ag_str rest = ag_str_sub(path, 1, path.len), element;
         ag_str_split(&rest, '/', &element);) {
        bool usable = element.len > 0 && element.len < sizeof(name) && element.data[0] != '.';
        if (usable) {
            memcpy(name, element.data, element.len);
            name[element.len] = '\0';
            /* Not to wait for whoever writes into a pipe. */
            fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
        } else {
            fd = -1;
        }
        if (at != dir) close(at);
        if (fd < 0) return -1;
        at = fd;
    }
    struct stat stat;
    if (fd >= 0 && fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode)) return fd;
    if (fd >= 0) close(fd);
    return -1;
}

/* What says how pages are served is not served itself. */
static bool in_dir(const void *arg, struct ag_str path)
{
    if (ag_str_ends_with(path, AG_STR(".csp")) || ag_str_eq(path, AG_STR("/csp.json")))
        return false;
    int fd = open_beneath(*(const int *)arg, path);
    if (fd >= 0) close(fd);
    return fd >= 0;
}

/* At most `max` bytes; what does not fit is an error. */
static enum ag_err read_whole(int fd, size_t max, char *out, size_t *ret_len)
{
    size_t len = 0;
    for (;;) {
        ssize_t n = read(fd, out + len, max - len);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return ag_fail(AG_E_IO, "a file of the web pages cannot be read");
        if (n == 0) break;
        len += (size_t)n;
        if (len == max) return ag_fail(AG_E_IO, "a file of the web pages is too long");
    }
    *ret_len = len;
    return AG_OK;
}

/* The line beside a page that says what it may do, or what any page may. */
static void read_policy(int dir, struct ag_str path, struct ag_site_file *file)
{
    char name[AG_SITE_PATH_BYTES + 8];
    size_t len = 0;
    int n = snprintf(name, sizeof(name), "%.*s.csp", AG_STR_ARG(path));
    int fd = open_beneath(dir, ag_str_n(name, (size_t)n));
    file->asset.csp = page_policy;
    if (fd < 0) return;
    bool usable = read_whole(fd, sizeof(file->csp), file->csp, &len) == AG_OK;
    close(fd);
    while (usable && len > 0 && file->csp[len - 1] == '\n')
        len--;
    for (size_t i = 0; i < len; i++)
        if (file->csp[i] < ' ' || file->csp[i] == 0x7F) usable = false;
    file->csp[usable ? len : 0] = '\0';
    if (usable && len > 0) file->asset.csp = file->csp;
}

static enum ag_err read_file(int dir, int fd, struct ag_str path, struct ag_site_file *file)
{
    struct stat stat;
    size_t len = 0;
    if (fstat(fd, &stat) != 0 || stat.st_size >= AG_SITE_FILE_BYTES)
        return ag_fail(AG_E_IO, "a file of the web pages is too long");
    size_t max = (size_t)stat.st_size + 1;
    file->data = malloc(max);
    if (!file->data) return ag_fail(AG_E_NO_MEMORY, "no memory for a file");
    AG_TRY(read_whole(fd, max, file->data, &len));
    unsigned long check = crc32(0, (const Bytef *)file->data, (uInt)len);
    snprintf(file->etag, sizeof(file->etag), "\"%08lx-%zx-%llx\"", check, len,
             (unsigned long long)stat.st_mtim.tv_nsec);
    file->asset = (struct ag_asset){
        .content_type = ag_site_content_type(path),
        .etag = file->etag,
        .immutable = ag_site_immutable(path),
        .csp = file_policy,
        .plain = (const uint8_t *)file->data,
        .plain_bytes = len,
    };
    if (ag_str_ends_with(path, AG_STR(".html"))) read_policy(dir, path, file);
    return AG_OK;
}

static enum ag_err find_and_read(int dir, struct ag_str path, bool page_wanted,
                                 struct ag_site_match *match, struct ag_site_file *file)
{
    const struct ag_site_files files = {in_dir, &dir};
    ag_site_find(&files, path, page_wanted, match);
    if (match->file_len == 0 || match->status == 308) return AG_OK;
    struct ag_str name = {match->file, match->file_len};
    int fd = open_beneath(dir, name);
    /* Gone since: an export is being made anew. */
    if (fd < 0) return ag_fail(AG_E_NOT_FOUND, "there is nothing at this path");
    enum ag_err err = read_file(dir, fd, name, file);
    close(fd);
    return err;
}

enum ag_err ag_site_dir_read(const char *dir, struct ag_str path, bool page_wanted,
                             struct ag_site_match *ret_match, struct ag_site_file *ret_file)
{
    ret_file->data = NULL;
    int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return ag_fail(AG_E_IO, "the folder of the web pages is not there: %s", dir);
    enum ag_err err = find_and_read(fd, path, page_wanted, ret_match, ret_file);
    close(fd);
    if (err != AG_OK) {
        free(ret_file->data);
        ret_file->data = NULL;
    }
    return err;
}

enum ag_err ag_site_dir_check(const char *dir)
{
    struct ag_site_match match;
    struct ag_site_file file;
    if (ag_site_dir_read(dir, AG_STR("/"), false, &match, &file) != AG_OK || match.status != 200)
        return ag_fail(AG_E_CONFIG, "the folder of the web pages, %s, holds no index.html", dir);
    free(file.data);
    return AG_OK;
}
