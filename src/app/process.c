#include "app/process.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    SPARE_DESCRIPTORS = 256, /* besides the clients': database, providers, files, libraries */
    SPARE_MAPPINGS = 2048,
    MAPPINGS_PER_FIBER = 2, /* stack and guard page */
    EXIT_BY_SIGNAL = 128,
};

void ag_process_memory(unsigned threads)
{
    /* By default glibc keeps up to eight arenas a core, each with free memory of its own. */
    mallopt(M_ARENA_MAX, (int)threads);
    /* Fixed, so that one large body does not raise it for good and leave memory behind. */
    mallopt(M_MMAP_THRESHOLD, 256 * 1024);
    mallopt(M_TRIM_THRESHOLD, 256 * 1024);
}

static int64_t read_number(const char *path)
{
    char text[32];
    int64_t number = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    ssize_t n = read(fd, text, sizeof(text));
    close(fd);
    struct ag_str digits = ag_str_n(text, n > 0 ? (size_t)n : 0);
    while (digits.len > 0 && digits.data[digits.len - 1] == '\n')
        digits.len--;
    return ag_str_to_int64(digits, &number) == AG_OK ? number : -1;
}

void ag_process_limits(int64_t max_connections)
{
    signal(SIGPIPE, SIG_IGN);

    struct rlimit limit;
    int64_t descriptors = max_connections + SPARE_DESCRIPTORS;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        /* As far as allowed: the kernel's memory for it is only taken when used. */
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0) getrlimit(RLIMIT_NOFILE, &limit);
        if (limit.rlim_cur < (rlim_t)descriptors)
            ag_log(AG_LOG_WARN, "few_descriptors", AG_LI("limit", limit.rlim_cur),
                   AG_LI("wanted", descriptors), AG_LC("mend", "raise `ulimit -n`"));
    }
    int64_t mappings = read_number("/proc/sys/vm/max_map_count");
    int64_t wanted = max_connections * MAPPINGS_PER_FIBER + SPARE_MAPPINGS;
    if (mappings >= 0 && mappings < wanted)
        ag_log(AG_LOG_WARN, "few_mappings", AG_LI("limit", mappings), AG_LI("wanted", wanted),
               AG_LC("mend", "raise the sysctl vm.max_map_count, or lower --max-connections"));
}

/* ---- signals ---- */

static atomic_int stops;
static atomic_bool reload;
static bool hangup_stops;
static void (*notify_fn)(void *arg);
static void *notify_arg;

static void on_signal(int number)
{
    int saved = errno;
    if (number == SIGHUP && !hangup_stops)
        atomic_store(&reload, true);
    else if (atomic_fetch_add(&stops, 1) > 0)
        _exit(EXIT_BY_SIGNAL + number);
    notify_fn(notify_arg);
    errno = saved;
}

static const int handled[] = {SIGTERM, SIGINT, SIGHUP};

void ag_signals_start(void (*notify)(void *arg), void *arg)
{
    notify_fn = notify;
    notify_arg = arg;
    hangup_stops = isatty(STDERR_FILENO) == 1;
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigfillset(&action.sa_mask);
    for (size_t i = 0; i < AG_COUNT(handled); i++)
        sigaction(handled[i], &action, NULL);
}

void ag_signals_stop(void)
{
    for (size_t i = 0; i < AG_COUNT(handled); i++)
        signal(handled[i], SIG_DFL);
}

bool ag_signals_stop_asked(void)
{
    return atomic_load(&stops) > 0;
}

bool ag_signals_reload_asked(void)
{
    return atomic_exchange(&reload, false);
}
