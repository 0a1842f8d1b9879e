#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RETRY_NS      (250 * AG_NS_PER_US)
#define REPLY_WAIT_MS 1000
#define STOP_LIMIT_NS (10 * AG_NS_PER_S)

static void sleep_ns(uint64_t ns)
{
    struct timespec t = {.tv_sec = (time_t)(ns / AG_NS_PER_S), .tv_nsec = (long)(ns % AG_NS_PER_S)};

    nanosleep(&t, NULL);
}

/* One GET on a new connection; the status, or 0 when nobody answers yet. */
static unsigned ask(const struct ag_load_options *options)
{
    char head[16] = {0};
    size_t got = 0;
    struct pollfd wait = {.fd = ag_tool_connect(options->port), .events = POLLOUT};

    if (wait.fd < 0) return 0;
    if (poll(&wait, 1, REPLY_WAIT_MS) == 1 && (wait.revents & POLLOUT) &&
        send(wait.fd, options->request.data, options->request.len, MSG_NOSIGNAL) ==
            (ssize_t)options->request.len) {
        wait.events = POLLIN;
        while (got < 12 && poll(&wait, 1, REPLY_WAIT_MS) == 1) {
            ssize_t n = recv(wait.fd, head + got, sizeof(head) - 1 - got, 0);
            if (n <= 0) break;
            got += (size_t)n;
        }
    }
    close(wait.fd);
    /* "HTTP/1.1 200" */
    return got >= 12 && memcmp(head, "HTTP/1.", 7) == 0 ? (unsigned)strtoul(head + 9, NULL, 10) : 0;
}

static pid_t spawn(char **command)
{
    pid_t pid = fork();

    if (pid < 0) ag_tool_fail("cannot fork: %s", strerror(errno));
    if (pid > 0) return pid;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)dup2(null, STDIN_FILENO);
    (void)dup2(null, STDOUT_FILENO);
    (void)dup2(null, STDERR_FILENO);
    execvp(command[0], command);
    _exit(127);
}

static uint64_t process_cpu_ns(pid_t pid)
{
    clockid_t clock;
    struct timespec t = {0};

    if (clock_getcpuclockid(pid, &clock) == 0) (void)clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * AG_NS_PER_S + (uint64_t)t.tv_nsec;
}

/* Ends the child kindly, then by force; the wait status. */
static int stop_child(pid_t pid)
{
    uint64_t limit_ns = ag_tool_now_ns() + STOP_LIMIT_NS;
    int status = 0;

    (void)kill(pid, SIGTERM);
    while (waitpid(pid, &status, WNOHANG) == 0) {
        if (ag_tool_now_ns() > limit_ns) {
            (void)kill(pid, SIGKILL);
            limit_ns = UINT64_MAX;
        }
        sleep_ns(RETRY_NS);
    }
    return status;
}

int ag_load_start(struct ag_load_options *options)
{
    uint64_t begun_ns = ag_tool_now_ns();
    uint64_t ready_ns = 0, cpu_ns = 0, rss = 0;
    pid_t pid = spawn(options->command);
    int status;

    while (ready_ns == 0 && ag_tool_now_ns() - begun_ns < options->limit_ns) {
        if (ask(options) == options->expect_status) {
            ready_ns = ag_tool_now_ns();
            cpu_ns = process_cpu_ns(pid);
            rss = ag_process_rss_bytes(pid);
            break;
        }
        if (waitpid(pid, &status, WNOHANG) == pid)
            ag_tool_fail("the command ended with wait status %d before it was ready", status);
        sleep_ns(RETRY_NS);
    }
    uint64_t stop_ns = ag_tool_now_ns();
    status = stop_child(pid);
    stop_ns = ag_tool_now_ns() - stop_ns;
    if (ready_ns == 0) ag_tool_fail("not ready in time");
    printf("{\"ready_ms\":%.2f,\"cpu_ms\":%.2f,\"rss_kib\":%llu,\"stop_ms\":%.2f,\"exit\":%d}\n",
           (double)(ready_ns - begun_ns) / 1e6, (double)cpu_ns / 1e6,
           (unsigned long long)(rss / 1024), (double)stop_ns / 1e6,
           WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return 0;
}
