/* Static files out of the binary: packed at build with brotli and gzip, inflated when a client
 * takes neither; what does not get smaller is there as it is. Answers GET and HEAD with ETag and
 * If-None-Match. */
#pragma once

#include "http/http.h"

struct ag_asset {
    const char *path; /* "/_next/static/chunks/0cz1d0.js" */
    const char *content_type;
    const char *etag;                 /* quoted */
    bool immutable;                   /* may be cached for a year */
    const char *csp;                  /* Content-Security-Policy, or NULL */
    const uint8_t *br, *gzip, *plain; /* NULL: not there in this form; gzip or plain is */
    size_t br_bytes, gzip_bytes, plain_bytes;
};
struct ag_asset_table {
    const struct ag_asset *assets; /* sorted by path */
    size_t count;
};

/* The packed file at `path`, or NULL. */
const struct ag_asset *ag_asset_find(const struct ag_asset_table *table, struct ag_str path);
/* Sends it in the best form the client takes (RFC 9110 12.5.3). `status` is 200, or that of an
 * error whose page it is, which nobody keeps. */
enum ag_err ag_reply_asset(struct ag_request *req, const struct ag_asset *asset,
                           int status) AG_SUSPENDS;
