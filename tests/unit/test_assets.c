/* The files that tools/pack_assets.py packed into the program. */
#include "test_help.h"

#include "http/site.h"
#include "web/assets.h"

#include <zlib.h>

/* The plain form of a file; freed by the caller. */
static char *plain(const struct ag_asset *asset)
{
    char *out = malloc(asset->plain_bytes + 1);
    if (asset->plain) {
        assert_non_null(out);
        memcpy(out, asset->plain, asset->plain_bytes);
        out[asset->plain_bytes] = '\0';
        return out;
    }
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)asset->gzip,
                       .avail_in = (uInt)asset->gzip_bytes,
                       .next_out = (Bytef *)out,
                       .avail_out = (uInt)asset->plain_bytes + 1};
    assert_non_null(out);
    assert_int_equal(inflateInit2(&stream, 16 + MAX_WBITS), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.total_out, asset->plain_bytes);
    assert_int_equal(stream.avail_in, 0);
    inflateEnd(&stream);
    out[asset->plain_bytes] = '\0';
    return out;
}

static void every_file_is_whole(void **state)
{
    assert_true(ag_web_assets.count >= 5);
    for (size_t i = 0; i < ag_web_assets.count; i++) {
        const struct ag_asset *asset = &ag_web_assets.assets[i];
        if (i > 0) assert_true(strcmp(asset[-1].path, asset->path) < 0);
        assert_ptr_equal(ag_asset_find(&ag_web_assets, ag_str(asset->path)), asset);
        assert_true(asset->etag[0] == '"' && asset->etag[strlen(asset->etag) - 1] == '"');
        assert_true(strlen(asset->content_type) > 0);
        assert_string_equal(asset->immutable ? "a hash" : "no hash",
                            ag_site_immutable(ag_str(asset->path)) ? "a hash" : "no hash");
        assert_int_equal(asset->br != NULL, asset->br_bytes > 0);
        assert_int_equal(asset->gzip != NULL, asset->gzip_bytes > 0);
        /* A form that saves nothing is not kept. */
        assert_true(asset->gzip ? asset->gzip_bytes < asset->plain_bytes : asset->plain != NULL);
        if (asset->br) assert_true(asset->br_bytes < asset->gzip_bytes);
        free(plain(asset));
    }
    assert_null(ag_asset_find(&ag_web_assets, AG_STR("/swagger/")));
    assert_null(ag_asset_find(&ag_web_assets, AG_STR("/swagger/assets/")));
}

/* Served from a folder they have the type that they are packed with; licences have no extension. */
static void types_are_those_of_a_folder(void **state)
{
    for (size_t i = 0; i < ag_web_assets.count; i++) {
        struct ag_str path = ag_str(ag_web_assets.assets[i].path);
        assert_string_equal(ag_web_assets.assets[i].content_type, ag_site_content_type(path));
    }
    assert_string_equal(ag_site_content_type(AG_STR("/a.html.woff2")), "font/woff2");
    assert_string_equal(ag_site_content_type(AG_STR("/a")), "application/octet-stream");
}

static void pages_may_do_nothing_dangerous(void **state)
{
    for (size_t i = 0; i < ag_web_assets.count; i++) {
        const char *csp = ag_web_assets.assets[i].csp;
        assert_non_null(csp);
        assert_ptr_equal(strstr(csp, "default-src 'none'"), csp);
        assert_non_null(strstr(csp, "frame-ancestors 'none'"));
        assert_null(strstr(csp, "unsafe-inline"));
        assert_null(strstr(csp, "unsafe-eval"));
        assert_null(strstr(csp, "http"));
        assert_null(strchr(csp, '*'));
        assert_true(strlen(csp) <= 3072);
    }
}

/* What stands behind `name` in quotes, walking on. */
static bool next_attribute(const char **page, const char *name, char value[128])
{
    *page = strstr(*page, name);
    if (!*page) return false;
    *page += strlen(name);
    size_t len = strcspn(*page, "\"");
    assert_true(len < 128);
    memcpy(value, *page, len);
    value[len] = '\0';
    return true;
}

static void the_explorer_refers_to_packed_files_only(void **state)
{
    const struct ag_asset *page_asset = ag_asset_find(&ag_web_assets, AG_STR("/swagger.html"));
    assert_non_null(page_asset);
    char *page = plain(page_asset), value[128];
    int found = 0;
    for (const char *at = page; next_attribute(&at, "src=\"", value); found++)
        assert_non_null(ag_asset_find(&ag_web_assets, ag_str(value)));
    for (const char *at = page; next_attribute(&at, "href=\"", value); found++)
        if (strcmp(value, "/openapi.json") != 0)
            assert_non_null(ag_asset_find(&ag_web_assets, ag_str(value)));
    assert_int_equal(found, 6);
    assert_null(strstr(page, "<script>"));
    assert_null(strstr(page, "<style"));
    assert_null(strstr(page, " on"));
    assert_null(strstr(page, "style="));
    free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_is_whole),
        cmocka_unit_test(types_are_those_of_a_folder),
        cmocka_unit_test(pages_may_do_nothing_dangerous),
        cmocka_unit_test(the_explorer_refers_to_packed_files_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
