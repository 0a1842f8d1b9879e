/* What both bench programs need: clock, cpu pinning, limits, growing bytes, option values, sockets.
 *
 * The programs are short-lived tools of a measurement, so a condition they cannot measure under
 * (no memory, no socket, a bad flag) ends the process with a line on stderr and exit status 2.
 * Nothing here suspends except where a name says so; everything runs on one thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AG_NS_PER_US 1000ull
#define AG_NS_PER_MS 1000000ull
#define AG_NS_PER_S  1000000000ull

/* Nanoseconds of CLOCK_MONOTONIC: one clock for every process of the machine, so a time written by
 * the upstream can be compared by the client. */
uint64_t ag_tool_now_ns(void);

/* Prints "NAME: text" and exits with status 2. */
_Noreturn void ag_tool_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Ties this process to one cpu; cpu < 0 leaves it free. */
void ag_tool_pin(int cpu);

/* Raises the soft limit of open files to the hard one. */
void ag_tool_raise_nofile(void);

/* Asks the kernel for SIGTERM when the parent ends, so that no bench run leaves a process behind.
 */
void ag_tool_end_with_parent(void);

/* Parses a decimal option value within min..max; anything else fails naming the option. */
uint64_t ag_tool_number(const char *option, const char *text, uint64_t min, uint64_t max);

/* Memory that is never NULL; free() releases it. */
void *ag_tool_alloc(size_t count, size_t size);
void *ag_tool_resize(void *old, size_t count, size_t size);

/* Bytes that grow up to a limit named by the caller. Zero-initialise; free with ag_bytes_done. */
struct ag_bytes {
    char *data;
    size_t len;
    size_t cap;
};

/* Appends; false, and nothing appended, when len would pass max_bytes. */
bool ag_bytes_add(struct ag_bytes *b, const void *data, size_t len, size_t max_bytes);
void ag_bytes_done(struct ag_bytes *b);

/* A non-blocking listening socket on 127.0.0.1 with SO_REUSEPORT; port 0 picks one, ret_port names
 * it. The caller closes it. */
int ag_tool_listen(uint16_t port, uint16_t *ret_port);

/* A non-blocking socket with TCP_NODELAY whose connection to 127.0.0.1:port was begun, or -1 with
 * errno. Sending before it stands gives EAGAIN. The caller closes it. */
int ag_tool_connect(uint16_t port);

/* Sets TCP_NODELAY: one small write must leave at once, or delayed ACKs cost 40 ms. */
void ag_tool_nodelay(int fd);
