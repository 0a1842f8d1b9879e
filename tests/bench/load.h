/* The options of bench-load and its three modes. Each mode prints one JSON object on stdout and
 * returns the exit status: 0 when it measured, whatever it found; 1 when it could not. */
#pragma once

#include "measure.h"

enum ag_load_mode {
    AG_LOAD_HTTP,
    AG_LOAD_STREAM,
    AG_LOAD_START,
};

/* The text in a request body that each request replaces by its own number, AG_LOAD_SEQ_DIGITS wide.
 */
#define AG_LOAD_SEQ        "@SEQ@"
#define AG_LOAD_SEQ_DIGITS 12

struct ag_load_options {
    enum ag_load_mode mode;
    uint16_t port;
    int cpu; /* -1: any */
    size_t connections;
    uint64_t duration_ns;
    uint64_t count; /* 0: until the duration is over */
    uint64_t warmup_ns;
    uint64_t limit_ns; /* the run ends here at the latest */
    unsigned expect_status;
    bool head; /* the method is HEAD */
    const char *path;
    struct ag_bytes request; /* head and body, not yet numbered */
    struct ag_watches watches;
    /* stream */
    unsigned expect_pieces;
    uint64_t ramp_ns;
    /* start */
    char **command; /* NULL-terminated */
};

/* Closed loop: every connection sends its next request when the last one is answered. */
int ag_load_http(struct ag_load_options *options);
/* One stream per connection, all begun within ramp_ns. */
int ag_load_stream(struct ag_load_options *options);
/* Starts the command and times it until `path` answers with the expected status; then ends it. */
int ag_load_start(struct ag_load_options *options);
