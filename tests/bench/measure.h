/* What a run measures: latencies with exact quantiles, and the CPU time and memory of the processes
 * under test between two moments. */
#pragma once

#include "tool.h"

#include <stdio.h>
#include <sys/types.h>
#include <time.h>

/* Above this many the rest is not kept (8 million: 32 MiB). */
#define AG_SAMPLES_MAX (8u * 1024 * 1024)
#define AG_WATCH_MAX   8

/* Latencies in nanoseconds, saturating at 4.29 s; kept one by one, because a histogram's buckets
 * are wider than the differences asked for. Zero-initialise; release with ag_samples_done. */
struct ag_samples {
    uint32_t *ns;
    size_t len;
    size_t cap;
};

void ag_samples_add(struct ag_samples *s, uint64_t ns);
/* Sorts, then prints `"PREFIXp50_us":…,"PREFIXp90_us":…,"PREFIXp99_us":…,"PREFIXmax_us":…`; null
 * for each when there is no sample. */
void ag_samples_print(struct ag_samples *s, const char *prefix, FILE *out);
void ag_samples_done(struct ag_samples *s);

/* One watched process. CPU time comes from the process's own CPU clock (all threads, those that
 * ended too, in nanoseconds); run delay, the time its threads were ready but another one ran on
 * their cpu, from schedstat: a large share of it says that the machine was not quiet. */
struct ag_watch {
    pid_t pid;
    clockid_t clock;
    uint64_t cpu_ns;
    uint64_t delay_ns;
    uint64_t rss_before_bytes;
    uint64_t rss_peak_bytes;
};

struct ag_watches {
    struct ag_watch item[AG_WATCH_MAX];
    size_t len;
};

/* Adds a process; fails when it does not exist. */
void ag_watches_add(struct ag_watches *w, pid_t pid);
/* Marks the beginning of the window. */
void ag_watches_begin(struct ag_watches *w);
/* Notes the present resident memory; the highest one is reported. */
void ag_watches_sample(struct ag_watches *w);
/* Marks the end: cpu_ns and delay_ns become what was used inside the window. */
void ag_watches_end(struct ag_watches *w);
/* Prints `"watch":[{"pid":…,"cpu_us":…,"delay_us":…,"rss_before_kib":…,"rss_peak_kib":…}]`. */
void ag_watches_print(const struct ag_watches *w, FILE *out);

/* Resident memory of a process in bytes, 0 when it is gone. */
uint64_t ag_process_rss_bytes(pid_t pid);
