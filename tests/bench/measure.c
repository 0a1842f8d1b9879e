#include "measure.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void ag_samples_add(struct ag_samples *s, uint64_t ns)
{
    if (s->len == s->cap) {
        if (s->cap >= AG_SAMPLES_MAX) return;
        s->cap = s->cap ? s->cap * 2 : 4096;
        s->ns = ag_tool_resize(s->ns, s->cap, sizeof(*s->ns));
    }
    s->ns[s->len++] = ns > UINT32_MAX ? UINT32_MAX : (uint32_t)ns;
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

void ag_samples_print(struct ag_samples *s, const char *prefix, FILE *out)
{
    static const struct {
        const char *name;
        unsigned percent;
    } quantiles[] = {{"p50", 50}, {"p90", 90}, {"p99", 99}, {"max", 100}};

    if (s->len > 0) qsort(s->ns, s->len, sizeof(*s->ns), by_value);
    for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++) {
        fprintf(out, "%s\"%s%s_us\":", i ? "," : "", prefix, quantiles[i].name);
        if (s->len == 0)
            fputs("null", out);
        else
            fprintf(out, "%.1f", (double)s->ns[(s->len - 1) * quantiles[i].percent / 100] / 1e3);
    }
}

void ag_samples_done(struct ag_samples *s)
{
    free(s->ns);
    *s = (struct ag_samples){0};
}

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec t = {0};

    (void)clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * AG_NS_PER_S + (uint64_t)t.tv_nsec;
}

/* Reads two unsigned numbers from a one-line file of /proc; false when it is gone. */
static bool read_pair(const char *path, unsigned long long *a, unsigned long long *b)
{
    FILE *f = fopen(path, "re");
    bool ok = f != NULL && fscanf(f, "%llu %llu", a, b) == 2;

    if (f != NULL) (void)fclose(f);
    return ok;
}

/* Sum over the threads of the second number of schedstat, nanoseconds spent waiting for a cpu. */
static uint64_t run_delay_ns(pid_t pid)
{
    char path[320];
    unsigned long long ran, waited;
    uint64_t sum = 0;
    struct dirent *entry;

    (void)snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    DIR *dir = opendir(path);
    if (dir == NULL) return 0;
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.') continue;
        (void)snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", (int)pid, entry->d_name);
        if (read_pair(path, &ran, &waited)) sum += waited;
    }
    closedir(dir);
    return sum;
}

uint64_t ag_process_rss_bytes(pid_t pid)
{
    char path[64];
    unsigned long long size, resident;

    (void)snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
    if (!read_pair(path, &size, &resident)) return 0;
    return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

void ag_watches_add(struct ag_watches *w, pid_t pid)
{
    if (w->len == AG_WATCH_MAX) ag_tool_fail("at most %d processes can be watched", AG_WATCH_MAX);
    struct ag_watch *one = &w->item[w->len];
    one->pid = pid;
    if (clock_getcpuclockid(pid, &one->clock) != 0)
        ag_tool_fail("there is no process %d to watch", (int)pid);
    w->len++;
}

void ag_watches_begin(struct ag_watches *w)
{
    for (size_t i = 0; i < w->len; i++) {
        struct ag_watch *one = &w->item[i];
        one->rss_before_bytes = one->rss_peak_bytes = ag_process_rss_bytes(one->pid);
        one->delay_ns = run_delay_ns(one->pid);
        one->cpu_ns = clock_ns(one->clock);
    }
}

void ag_watches_sample(struct ag_watches *w)
{
    for (size_t i = 0; i < w->len; i++) {
        uint64_t rss = ag_process_rss_bytes(w->item[i].pid);
        if (rss > w->item[i].rss_peak_bytes) w->item[i].rss_peak_bytes = rss;
    }
}

void ag_watches_end(struct ag_watches *w)
{
    for (size_t i = 0; i < w->len; i++) {
        struct ag_watch *one = &w->item[i];
        one->cpu_ns = clock_ns(one->clock) - one->cpu_ns;
        one->delay_ns = run_delay_ns(one->pid) - one->delay_ns;
    }
    ag_watches_sample(w);
}

void ag_watches_print(const struct ag_watches *w, FILE *out)
{
    fputs("\"watch\":[", out);
    for (size_t i = 0; i < w->len; i++) {
        const struct ag_watch *one = &w->item[i];
        fprintf(out,
                "%s{\"pid\":%d,\"cpu_us\":%.1f,\"delay_us\":%.1f,\"rss_before_kib\":%llu,"
                "\"rss_peak_kib\":%llu}",
                i ? "," : "", (int)one->pid, (double)one->cpu_ns / 1e3, (double)one->delay_ns / 1e3,
                (unsigned long long)(one->rss_before_bytes / 1024),
                (unsigned long long)(one->rss_peak_bytes / 1024));
    }
    fputs("]", out);
}
