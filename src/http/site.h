/*
 * A website of files, as Next.js exports it: which file answers a path, and the answer.
 *
 *   /                        /index.html
 *   /agents, /agents/        /agents.html; with the slash at its end 308 to the one without
 *   /agents/<any id>         /agents/_.html: a page with a parameter is exported once, as `_`
 *   /agents/<any id>.txt     /agents/_.txt, and so for the files of a folder,
 * /agents/_/__next._tree.txt what is there            the file anything else            /404.html
 * with 404 for a browser that goes there, else an error
 */
#pragma once

#include "http/static.h"

enum {
    AG_SITE_PATH_BYTES = 512,              /* longer paths have no file */
    AG_SITE_PARAMETERS = 6,                /* elements of a path that may be parameters */
    AG_SITE_FILE_BYTES = 32 * 1024 * 1024, /* of a folder's file */
};

/* Whether there is a file at a path such as "/agents.html". */
struct ag_site_files {
    bool (*has)(const void *arg, struct ag_str path);
    const void *arg;
};

struct ag_site_match {
    int status; /* 200: the file; 308: `file` is the path to go to; 404: the page that says so */
    size_t file_len; /* 0: there is none, with 404 */
    char file[AG_SITE_PATH_BYTES];
};
/* Maps a normalized path; `page_wanted` asks for the page of 404 where nothing is found. */
void ag_site_find(const struct ag_site_files *files, struct ag_str path, bool page_wanted,
                  struct ag_site_match *ret_match);

struct ag_site {
    const struct ag_asset_table *assets; /* the files */
    const char *dir; /* NULL; or a folder, read anew for each request, that takes their place */
};
/* Answers a request out of the site. AG_E_NOT_FOUND, AG_E_METHOD_NOT_ALLOWED (with Allow), and what
 * reading a folder brings: AG_E_IO, AG_E_NO_MEMORY, AG_E_OVERLOADED. Otherwise it has replied. */
enum ag_err ag_site_reply(const struct ag_site *site,
                          struct ag_request *req) AG_MUST_USE AG_SUSPENDS;

/* ---- a folder (site_dir.c) ---- */

/* A file that was read. The asset points into the struct and into `data`. */
struct ag_site_file {
    struct ag_asset asset;
    char etag[48];
    char csp[4096];
    char *data; /* free() it */
};
/* Finds and reads; blocks, so it runs in ag_offload(). `ret_file` is filled with 200 and 404 that
 * has a page. No path leads out of the folder, and no link in it is followed. AG_E_IO (the folder
 * is gone), AG_E_NO_MEMORY. */
enum ag_err ag_site_dir_read(const char *dir, struct ag_str path, bool page_wanted,
                             struct ag_site_match *ret_match,
                             struct ag_site_file *ret_file) AG_MUST_USE;
/* Whether a folder holds a site; AG_E_CONFIG. Blocks: before the first request. */
enum ag_err ag_site_dir_check(const char *dir) AG_MUST_USE;
/* The media type that a file's name tells. */
const char *ag_site_content_type(struct ag_str path);
/* Whether a file's name holds a hash of its content, so that it may be kept for a year. */
bool ag_site_immutable(struct ag_str path);
