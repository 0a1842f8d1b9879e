/* A Redis of one's own for a test: on a free port, without a file, ended with the test. */
#pragma once

#include "test_help.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct redis {
    pid_t pid;
    int port;
    char url[64];
    const char *password; /* NULL: none */
};

static inline AG_UNUSED int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    close(fd);
    return ntohs(address.sin_port);
}

static inline AG_UNUSED bool answers(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool connected = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
    close(fd);
    return connected;
}

static inline AG_UNUSED void redis_start(struct redis *redis)
{
    char port[12];
    if (redis->port == 0) redis->port = free_port();
    snprintf(port, sizeof(port), "%d", redis->port);
    snprintf(redis->url, sizeof(redis->url), "redis://127.0.0.1:%d", redis->port);
    const char *argv[] = {"redis-server",
                          "--port",
                          port,
                          "--bind",
                          "127.0.0.1",
                          "--save",
                          "",
                          "--logfile",
                          "/dev/null",
                          redis->password ? "--requirepass" : NULL,
                          redis->password,
                          NULL};
    redis->pid = fork();
    assert_true(redis->pid >= 0);
    if (redis->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execvp(argv[0], (char **)(uintptr_t)argv);
        _exit(127);
    }
    for (int i = 0; i < 500 && !answers(redis->port); i++)
        nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL);
    if (!answers(redis->port)) fail_msg("no redis-server answers: `make deps` installs it");
}

static inline AG_UNUSED void redis_signal(struct redis *redis, int signal_number)
{
    assert_int_equal(kill(redis->pid, signal_number), 0);
}

static inline AG_UNUSED void redis_stop(struct redis *redis)
{
    if (redis->pid <= 0) return;
    kill(redis->pid, SIGKILL);
    waitpid(redis->pid, NULL, 0);
    redis->pid = 0;
}
