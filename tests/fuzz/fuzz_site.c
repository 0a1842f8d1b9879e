/* Paths of the web pages: whatever is asked for, what is found is a file of the site, and where one
 * is sent is a path of this server. */
#include "fuzz.h"
#include "http/parse.h"
#include "http/site.h"

static const char *const exported[] = {
    "/404.html",           "/_next/static/chunks/a.js",  "/agents.html",
    "/agents/_.html",      "/agents/_/__next._tree.txt", "/agents/_.txt",
    "/agents/_/edit.html", "/agents/_/edit/_/log.html",  "/agents/new.html",
    "/index.html",
};

static bool is_exported(const void *arg, struct ag_str path)
{
    FUZZ_CHECK(path.len > 1 && path.len <= AG_SITE_PATH_BYTES && path.data[0] == '/');
    for (size_t i = 0; i < AG_COUNT(exported); i++)
        if (ag_str_eq(path, ag_str(exported[i]))) return true;
    return false;
}

static void check_match(const struct ag_site_match *match, bool page_wanted)
{
    struct ag_str file = {match->file, match->file_len};
    switch (match->status) {
    case 200:
        FUZZ_CHECK(is_exported(NULL, file));
        break;
    case 308:
        FUZZ_CHECK(file.len > 1 && file.data[0] == '/' && file.data[file.len - 1] != '/');
        FUZZ_CHECK(file.data[1] != '/' && file.data[1] != '.');
        FUZZ_CHECK(ag_str_find_char(file, '\\') < 0 && ag_str_find(file, AG_STR("//")) < 0);
        break;
    default:
        FUZZ_CHECK(match->status == 404);
        FUZZ_CHECK(file.len > 0 ? ag_str_eq(file, AG_STR("/404.html")) : !page_wanted);
    }
}

static void check_path(struct ag_str path)
{
    static const struct ag_site_files files = {is_exported, NULL};
    for (int page_wanted = 0; page_wanted < 2; page_wanted++) {
        struct ag_site_match match, again;
        ag_site_find(&files, path, page_wanted, &match);
        check_match(&match, page_wanted);
        if (match.status != 308) continue;
        /* Nobody is sent in circles. */
        ag_site_find(&files, ag_str_n(match.file, match.file_len), page_wanted, &again);
        FUZZ_CHECK(again.status == 200 || again.status == 404);
        FUZZ_CHECK(again.file_len > 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || data[0] != '/') return 0;
    struct ag_arena arena;
    struct ag_str path;
    ag_arena_init(&arena);
    if (ag_path_normalize(&arena, ag_str_n((const char *)data, size), &path) == AG_OK)
        check_path(path);
    ag_arena_done(&arena);
    return 0;
}
