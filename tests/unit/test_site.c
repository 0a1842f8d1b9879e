/* Which file of an exported website answers a path, and how a folder is read. */
#include "test_help.h"

#include "http/site.h"

#include <sys/stat.h>
#include <unistd.h>

/* ---- the map ---- */

static const char *const exported[] = {
    "/404.html",
    "/_next/static/chunks/a.js",
    "/agents.html",
    "/agents.txt",
    "/agents/__next._tree.txt",
    "/agents/_.html",
    "/agents/_.txt",
    "/agents/_/__next._tree.txt",
    "/agents/_/edit.html",
    "/agents/_/edit.txt",
    "/agents/_/edit/__next.!KGFwcCk.agents.$d$id.edit.__PAGE__.txt",
    "/agents/_/runs/_.html",
    "/agents/new.html",
    "/agents/new/help.html",
    "/favicon.ico",
    "/index.html",
    "/index.txt",
    "/login.html",
    "/logo.png",
};

static unsigned lookups;

static bool is_exported(const void *arg, struct ag_str path)
{
    lookups++;
    for (size_t i = 0; i < AG_COUNT(exported); i++)
        if (ag_str_eq(path, ag_str(exported[i]))) return true;
    return false;
}

static void find(struct ag_str path, bool page_wanted, int status, const char *file)
{
    static const struct ag_site_files files = {is_exported, NULL};
    struct ag_site_match match;
    memset(&match, 0xA5, sizeof(match));
    lookups = 0;
    ag_site_find(&files, path, page_wanted, &match);
    struct ag_str got = {match.file, match.file_len};
    if (match.status != status || !ag_str_eq(got, ag_str(file)))
        fail_msg("%.*s: %d %.*s, not %d %s", AG_STR_ARG(path), match.status, AG_STR_ARG(got),
                 status, file);
    assert_true(lookups <= 2 + 2 * (1U << AG_SITE_PARAMETERS));
}

static void paths_find_their_files(void **state)
{
    static const struct {
        const char *path;
        int status;
        const char *file;
    } cases[] = {
        {"/", 200, "/index.html"},
        {"/index", 200, "/index.html"},
        {"/index.txt", 200, "/index.txt"},
        {"/agents", 200, "/agents.html"},
        {"/agents.txt", 200, "/agents.txt"},
        {"/logo.png", 200, "/logo.png"},
        {"/_next/static/chunks/a.js", 200, "/_next/static/chunks/a.js"},
        /* Parameters. */
        {"/agents/0190", 200, "/agents/_.html"},
        {"/agents/_", 200, "/agents/_.html"},
        {"/agents/_DMPdJ", 200, "/agents/_.html"}, /* a public link can begin so */
        {"/agents/_DMPdJ.txt", 200, "/agents/_.txt"},
        {"/agents/k\xC3\xA4se und brot", 200, "/agents/_.html"},
        {"/agents/0190.txt", 200, "/agents/_.txt"},
        {"/agents/0190/__next._tree.txt", 200, "/agents/_/__next._tree.txt"},
        {"/agents/0190/edit", 200, "/agents/_/edit.html"},
        {"/agents/0190/edit.txt", 200, "/agents/_/edit.txt"},
        {"/agents/0190/edit/__next.!KGFwcCk.agents.$d$id.edit.__PAGE__.txt", 200,
         "/agents/_/edit/__next.!KGFwcCk.agents.$d$id.edit.__PAGE__.txt"},
        {"/agents/0190/runs/7", 200, "/agents/_/runs/_.html"},
        /* What is there literally wins, and what is not there below it goes on searching. */
        {"/agents/new", 200, "/agents/new.html"},
        {"/agents/new/help", 200, "/agents/new/help.html"},
        {"/agents/new/edit", 200, "/agents/_/edit.html"},
        /* A slash at the end. */
        {"/agents/", 308, "/agents"},
        {"/agents/0190/", 308, "/agents/0190"},
        {"/logo.png/", 308, "/logo.png"},
        {"/404/", 308, "/404"},
        {"/404", 404, "/404.html"},
        {"/404.html", 404, "/404.html"},
    };
    for (size_t i = 0; i < AG_COUNT(cases); i++) {
        find(ag_str(cases[i].path), false, cases[i].status, cases[i].file);
        find(ag_str(cases[i].path), true, cases[i].status, cases[i].file);
    }
}

static void other_paths_find_nothing(void **state)
{
    static const char *const absent[] = {
        "//",
        "//agents",
        "//agents/",
        "/agents//",
        "/agents//edit",
        "/nothing",
        "/nothing/",
        "/Agents",
        "/login/0190",
        "/agents/0190/nothing",
        "/agents/0190/edit/0190",
        "/agents/0190/_next",
        "/agents/0190/__next.other.txt",
        "/agents/__next.other.txt", /* not the data of an agent */
        "/agents/script.js",
        "/agents/.txt",
        "/agents/a.b.txt",
        "/agents/.hidden",
        "/.git/config",
        "/..",
        "/../agents",
        "/agents/..",
        "/agents\\0190",
        "/\\evil.example/",
        "/agents/a\\b",
        "/_next/static/chunks/none.js",
        "/_next/static/chunks/a.js/x",
        "/a/b/c/d/e/f/g",
        "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t",
    };
    for (size_t i = 0; i < AG_COUNT(absent); i++) {
        find(ag_str(absent[i]), false, 404, "");
        find(ag_str(absent[i]), true, 404, "/404.html");
    }
}

static void long_paths_stay_within_bounds(void **state)
{
    char path[2 * AG_SITE_PATH_BYTES + 1];
    memset(path, 'x', sizeof(path));
    memcpy(path, "/agents/", 8);
    for (size_t len = 9; len < sizeof(path); len++) {
        bool fits = len + sizeof("/_.html") <= AG_SITE_PATH_BYTES;
        find(ag_str_n(path, len), false, fits ? 200 : 404, fits ? "/agents/_.html" : "");
        /* The same with a slash at its end. */
        char moved[sizeof(path)];
        memcpy(moved, path, len);
        moved[len] = '\0';
        path[len] = '/';
        find(ag_str_n(path, len + 1), true, fits ? 308 : 404, fits ? moved : "/404.html");
        path[len] = 'x';
    }
}

/* ---- a folder ---- */

static char folder[] = "/tmp/agsite-XXXXXX";

static void put(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void put_folder(const char *name)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_int_equal(mkdir(path, 0700), 0);
}

static void put_link(const char *name, const char *target)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_int_equal(symlink(target, path), 0);
}

static int make_folder(void **state)
{
    if (!mkdtemp(folder)) return -1;
    put_folder("agents");
    put_folder("agents/_");
    put_folder("deep.html"); /* a folder that is called like a page */
    put("index.html", "<p>index</p>");
    put("404.html", "<p>absent</p>");
    put("agents/_.html", "<p>agent</p>");
    put("agents/_.html.csp", "default-src 'self'; script-src 'sha256-x'\n");
    put("odd.html", "<p>odd</p>");
    put("odd.html.csp", "default-src 'self'\r\nX-Injected: 1\n");
    put("empty.txt", "");
    put("csp.json", "{}");
    put(".hidden", "hidden");
    put_link("link.txt", "/etc/passwd");
    put_link("up", "..");
    char path[64];
    snprintf(path, sizeof(path), "%s/pipe.txt", folder);
    return mkfifo(path, 0600);
}

static int remove_folder(void **state)
{
    static const char *const names[] = {
        "agents/_.html", "agents/_.html.csp", "agents/_", "agents",   "deep.html",
        "index.html",    "404.html",          "odd.html", "csp.json", "odd.html.csp",
        "empty.txt",     ".hidden",           "link.txt", "up",       "pipe.txt"};
    char path[256];
    for (size_t i = 0; i < AG_COUNT(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        if (remove(path) != 0) return -1;
    }
    return rmdir(folder);
}

static int read_path(const char *path, struct ag_site_file *file)
{
    struct ag_site_match match;
    assert_ok(ag_site_dir_read(folder, ag_str(path), false, &match, file));
    return match.file_len > 0 ? match.status : 0;
}

static void a_folder_is_a_site(void **state)
{
    struct ag_site_file file;
    assert_int_equal(read_path("/agents/7", &file), 200);
    assert_int_equal(file.asset.plain_bytes, 12);
    assert_memory_equal(file.data, "<p>agent</p>", 12);
    assert_string_equal(file.asset.content_type, "text/html; charset=utf-8");
    assert_string_equal(file.asset.csp, "default-src 'self'; script-src 'sha256-x'");
    assert_true(file.asset.etag[0] == '"' && !file.asset.immutable && !file.asset.gzip);
    free(file.data);
    assert_int_equal(read_path("/empty.txt", &file), 200);
    assert_int_equal(file.asset.plain_bytes, 0);
    assert_string_equal(file.asset.csp, "default-src 'none'; frame-ancestors 'none'");
    free(file.data);
    assert_int_equal(read_path("/404", &file), 404);
    free(file.data);
    assert_int_equal(read_path("/agents/7/", &file), 308);
    assert_null(file.data);
}

/* A policy that is no line of text is not sent; one for pages without any is. */
static void a_page_without_a_policy_has_the_usual_one(void **state)
{
    static const char *const pages[] = {"/", "/odd"};
    for (size_t i = 0; i < AG_COUNT(pages); i++) {
        struct ag_site_file file;
        assert_int_equal(read_path(pages[i], &file), 200);
        assert_ptr_equal(strstr(file.asset.csp, "default-src 'none'; "), file.asset.csp);
        assert_null(strstr(file.asset.csp, "Injected"));
        free(file.data);
    }
}

static void nothing_leads_out_of_a_folder(void **state)
{
    static const char *const absent[] = {
        "/link.txt",
        "/up/etc/passwd",
        "/up",
        "/../etc/passwd",
        "/agents/../.hidden",
        "/.hidden",
        "/deep",
        "/deep.html",
        "/agents",
        "/pipe.txt",
        "/csp.json",
        "/agents/_.html.csp",
        "/agents/_.html/x",
        "//etc/passwd",
        "/etc/passwd",
        "/nothing",
    };
    for (size_t i = 0; i < AG_COUNT(absent); i++) {
        struct ag_site_file file;
        int status = read_path(absent[i], &file);
        if (status != 0) fail_msg("%s: %d", absent[i], status);
        assert_null(file.data);
    }
    struct ag_site_match match;
    struct ag_site_file file;
    assert_ok(ag_site_dir_check(folder));
    assert_int_equal(ag_site_dir_check("/nothing/here"), AG_E_CONFIG);
    assert_int_equal(ag_site_dir_read("/nothing/here", AG_STR("/"), false, &match, &file), AG_E_IO);
    assert_null(file.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_find_their_files),
        cmocka_unit_test(other_paths_find_nothing),
        cmocka_unit_test(long_paths_stay_within_bounds),
        cmocka_unit_test(a_folder_is_a_site),
        cmocka_unit_test(a_page_without_a_policy_has_the_usual_one),
        cmocka_unit_test(nothing_leads_out_of_a_folder),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
