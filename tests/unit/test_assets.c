/* The files that tools/pack_assets.py packed into the program. */
#include "test_help.h"

#include "web/assets.h"

#include <zlib.h>

/* The plain form of a file; freed by the caller. */
static char *inflated(const struct ag_asset *asset)
{
    char *out = malloc(asset->plain_bytes + 1);
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
        assert_true(asset->br_bytes < asset->plain_bytes);
        assert_int_equal(asset->br != NULL, asset->br_bytes > 0);
        free(inflated(asset));
    }
    assert_null(ag_asset_find(&ag_web_assets, AG_STR("/docs/")));
    assert_null(ag_asset_find(&ag_web_assets, AG_STR("/docs/assets/")));
}

static void pages_may_do_nothing_dangerous(void **state)
{
    for (size_t i = 0; i < ag_web_assets.count; i++) {
        const char *csp = ag_web_assets.assets[i].csp;
        assert_non_null(csp);
        assert_ptr_equal(strstr(csp, "default-src 'none'"), csp);
        assert_non_null(strstr(csp, "frame-ancestors 'none'"));
        assert_null(strstr(csp, "unsafe"));
        assert_null(strstr(csp, "http"));
        assert_null(strchr(csp, '*'));
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

static void the_page_refers_to_packed_files_only(void **state)
{
    const struct ag_asset *docs = ag_asset_find(&ag_web_assets, AG_STR("/docs"));
    assert_non_null(docs);
    char *page = inflated(docs), value[128];
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
        cmocka_unit_test(pages_may_do_nothing_dangerous),
        cmocka_unit_test(the_page_refers_to_packed_files_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
