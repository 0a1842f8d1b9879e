/* bench-load: the client of the measurements. Three modes, one JSON object each:
 *
 *   http    closed loop over kept-alive connections: throughput and latency quantiles
 *   stream  concurrent server-sent event streams: every frame, its order, its delay
 *   start   time from exec to the first good answer
 *
 * --watch PID adds what that process used between the first and the last moment of the window. */
#include "load.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUEST_MAX_BYTES (4 * 1024 * 1024)
#define HEADERS_MAX       32

struct request_parts {
    const char *method;
    const char *headers[HEADERS_MAX];
    size_t headers_len;
    struct ag_bytes body;
};

static const char usage[] =
    "usage: bench-load [--mode http] --port N [--path P] ...\n"
    "       bench-load --mode stream --port N --connections N --pieces N ...\n"
    "       bench-load --mode start --port N --path /ready -- COMMAND [ARG]...\n"
    "  --port N            port on 127.0.0.1\n"
    "  --connections N     kept-alive connections, or streams (1)\n"
    "  --duration-ms N     length of the window (3000)\n"
    "  --count N           end after this many replies instead\n"
    "  --warmup-ms N       load before the window (500)\n"
    "  --limit-ms N        end at the latest after (120000)\n"
    "  --method M --path P --header 'Name: value' --body TEXT|@FILE\n"
    "                      the request; " AG_LOAD_SEQ " in path or body becomes its number\n"
    "  --expect N          the status that is not an error (200)\n"
    "  --pieces N          pieces of text each stream must bring (64)\n"
    "  --ramp-ms N         begin the streams over this time (0)\n"
    "  --watch PID         report CPU time and memory of this process; repeatable\n"
    "  --cpu N             run on this cpu only\n";

static const struct option known[] = {{"mode", required_argument, NULL, 'm'},
                                      {"port", required_argument, NULL, 'p'},
                                      {"connections", required_argument, NULL, 'c'},
                                      {"duration-ms", required_argument, NULL, 'd'},
                                      {"count", required_argument, NULL, 'n'},
                                      {"warmup-ms", required_argument, NULL, 'w'},
                                      {"limit-ms", required_argument, NULL, 'l'},
                                      {"method", required_argument, NULL, 'M'},
                                      {"path", required_argument, NULL, 'P'},
                                      {"header", required_argument, NULL, 'H'},
                                      {"body", required_argument, NULL, 'B'},
                                      {"expect", required_argument, NULL, 'e'},
                                      {"pieces", required_argument, NULL, 's'},
                                      {"ramp-ms", required_argument, NULL, 'r'},
                                      {"watch", required_argument, NULL, 'W'},
                                      {"cpu", required_argument, NULL, 'C'},
                                      {"help", no_argument, NULL, 'h'},
                                      {0}};

static enum ag_load_mode parse_mode(const char *text)
{
    if (strcmp(text, "http") == 0) return AG_LOAD_HTTP;
    if (strcmp(text, "stream") == 0) return AG_LOAD_STREAM;
    if (strcmp(text, "start") == 0) return AG_LOAD_START;
    ag_tool_fail("--mode is http, stream or start, not \"%s\"", text);
}

static FILE *open_file(const char *path)
{
    FILE *f = fopen(path, "re");

    if (f != NULL) return f;
    ag_tool_fail("cannot read %s", path);
}

static void read_body(struct ag_bytes *body, const char *text)
{
    char part[4096];
    size_t n;

    body->len = 0;
    if (text[0] != '@' || strncmp(text, AG_LOAD_SEQ, strlen(AG_LOAD_SEQ)) == 0) {
        if (!ag_bytes_add(body, text, strlen(text), REQUEST_MAX_BYTES))
            ag_tool_fail("the body is too large");
        return;
    }
    FILE *f = open_file(text + 1);
    while ((n = fread(part, 1, sizeof(part), f)) > 0)
        if (!ag_bytes_add(body, part, n, REQUEST_MAX_BYTES)) ag_tool_fail("the body is too large");
    (void)fclose(f);
}

/* The options that say what to send. */
static bool request_option(int opt, struct ag_load_options *options, struct request_parts *parts)
{
    switch (opt) {
    case 'M':
        parts->method = optarg;
        options->head = strcmp(optarg, "HEAD") == 0;
        return true;
    case 'P':
        options->path = optarg;
        return true;
    case 'H':
        if (parts->headers_len == HEADERS_MAX) ag_tool_fail("at most %d headers", HEADERS_MAX);
        parts->headers[parts->headers_len++] = optarg;
        return true;
    case 'B':
        read_body(&parts->body, optarg);
        return true;
    default:
        return false;
    }
}

static uint64_t millis(const char *name)
{
    return ag_tool_number(name, optarg, 0, 3600000) * AG_NS_PER_MS;
}

/* The options that say how long and how much. */
static bool size_option(int opt, struct ag_load_options *options)
{
    switch (opt) {
    case 'c':
        options->connections = ag_tool_number("connections", optarg, 1, 20000);
        return true;
    case 'd':
        options->duration_ns = millis("duration-ms");
        return true;
    case 'n':
        options->count = ag_tool_number("count", optarg, 1, 1000000000);
        return true;
    case 'w':
        options->warmup_ns = millis("warmup-ms");
        return true;
    case 'l':
        options->limit_ns = millis("limit-ms");
        return true;
    case 's':
        options->expect_pieces = (unsigned)ag_tool_number("pieces", optarg, 0, 99999);
        return true;
    case 'r':
        options->ramp_ns = millis("ramp-ms");
        return true;
    default:
        return false;
    }
}

static void other_option(int opt, struct ag_load_options *options)
{
    switch (opt) {
    case 'm':
        options->mode = parse_mode(optarg);
        break;
    case 'p':
        options->port = (uint16_t)ag_tool_number("port", optarg, 1, UINT16_MAX);
        break;
    case 'e':
        options->expect_status = (unsigned)ag_tool_number("expect", optarg, 100, 599);
        break;
    case 'W':
        ag_watches_add(&options->watches, (pid_t)ag_tool_number("watch", optarg, 1, 1u << 30));
        break;
    case 'C':
        options->cpu = (int)ag_tool_number("cpu", optarg, 0, 1023);
        break;
    default:
        fputs(usage, opt == 'h' ? stdout : stderr);
        exit(opt == 'h' ? 0 : 2);
    }
}

static void parse_options(int argc, char **argv, struct ag_load_options *options,
                          struct request_parts *parts)
{
    int opt;

    while ((opt = getopt_long(argc, argv, "+", known, NULL)) != -1)
        if (!request_option(opt, options, parts) && !size_option(opt, options))
            other_option(opt, options);
    options->command = argv + optind;
    if (options->mode == AG_LOAD_START ? optind == argc : optind != argc)
        ag_tool_fail("%s",
                     options->mode == AG_LOAD_START ? "which command?" : "unexpected argument");
    if (options->port == 0) ag_tool_fail("--port is needed");
}

static size_t count_seqs(const struct ag_bytes *body)
{
    size_t count = 0;
    const char *at = body->data, *end = at + body->len;

    if (body->len == 0) return 0;
    while ((at = memmem(at, (size_t)(end - at), AG_LOAD_SEQ, strlen(AG_LOAD_SEQ))) != NULL) {
        count++;
        at += strlen(AG_LOAD_SEQ);
    }
    return count;
}

static void add_text(struct ag_bytes *to, const char *text)
{
    if (!ag_bytes_add(to, text, strlen(text), REQUEST_MAX_BYTES))
        ag_tool_fail("the request is too large");
}

/* Builds the request once; only its numbers change from one to the next. */
static void build_request(struct ag_load_options *options, const struct request_parts *parts)
{
    char line[128];
    struct ag_bytes *to = &options->request;
    size_t body_len = parts->body.len +
                      count_seqs(&parts->body) * (AG_LOAD_SEQ_DIGITS - strlen(AG_LOAD_SEQ));

    add_text(to, parts->method);
    add_text(to, " ");
    add_text(to, options->path);
    (void)snprintf(line, sizeof(line), " HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n", options->port);
    add_text(to, line);
    for (size_t i = 0; i < parts->headers_len; i++) {
        add_text(to, parts->headers[i]);
        add_text(to, "\r\n");
    }
    if (parts->body.len > 0 || strcmp(parts->method, "POST") == 0) {
        (void)snprintf(line, sizeof(line), "Content-Length: %zu\r\n", body_len);
        add_text(to, line);
    }
    add_text(to, "\r\n");
    if (parts->body.len > 0 &&
        !ag_bytes_add(to, parts->body.data, parts->body.len, REQUEST_MAX_BYTES))
        ag_tool_fail("the request is too large");
}

int main(int argc, char **argv)
{
    struct ag_load_options options = {
        .mode = AG_LOAD_HTTP,
        .cpu = -1,
        .connections = 1,
        .duration_ns = 3000 * AG_NS_PER_MS,
        .warmup_ns = 500 * AG_NS_PER_MS,
        .limit_ns = 120 * AG_NS_PER_S,
        .expect_status = 200,
        .expect_pieces = 64,
        .path = "/",
    };
    struct request_parts parts = {.method = "GET"};
    int rc;

    parse_options(argc, argv, &options, &parts);
    ag_tool_end_with_parent();
    ag_tool_raise_nofile();
    ag_tool_pin(options.cpu);
    build_request(&options, &parts);
    if (options.mode == AG_LOAD_STREAM)
        rc = ag_load_stream(&options);
    else if (options.mode == AG_LOAD_START)
        rc = ag_load_start(&options);
    else
        rc = ag_load_http(&options);
    ag_bytes_done(&options.request);
    ag_bytes_done(&parts.body);
    return rc;
}
