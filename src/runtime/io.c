#include "runtime/io.h"

#include "runtime/loop.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * The kernel's interest set of a descriptor changes only when it must: once armed for reading it
 * stays armed, because the next thing a connection does is nearly always to read again. When data
 * arrives that nobody waits for, the set is taken back, so that a level-triggered loop does not
 * spin; the next wait arms it again.
 */
struct ag_io {
    uv_poll_t poll;
    int fd;
    int armed;   /* UV_* events registered now */
    bool broken; /* the descriptor failed: waits return at once and the call tells why */
    bool hangup; /* the peer has closed its side */
    struct ag_fiber *reader, *writer;
    void (*on_hangup)(void *arg);
    void *on_hangup_arg;
};

static void on_poll(uv_poll_t *poll, int status, int events);

static void arm(struct ag_io *io, int events)
{
    if (io->armed == events || io->broken) return;
    io->armed = events;
    if (events)
        uv_poll_start(&io->poll, events, on_poll);
    else
        uv_poll_stop(&io->poll);
}

static void tell_hangup(struct ag_io *io)
{
    void (*fn)(void *) = AG_TAKE(io->on_hangup);
    if (fn) fn(io->on_hangup_arg);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct ag_io *io = poll->data;
    if (status < 0) {
        /* libuv has stopped watching it. */
        io->broken = io->hangup = true;
        io->armed = 0;
        events = UV_READABLE | UV_WRITABLE;
    }
    if (events & UV_DISCONNECT) {
        io->hangup = true;
        events |= UV_READABLE;
    }
    if (events & UV_READABLE) {
        if (io->reader)
            ag_fiber_wake(io->reader);
        else
            arm(io, (io->armed & UV_WRITABLE) | (io->hangup ? 0 : UV_DISCONNECT));
    }
    if (events & UV_WRITABLE) {
        if (io->writer)
            ag_fiber_wake(io->writer);
        else
            arm(io, io->armed & ~UV_WRITABLE);
    }
    if (io->hangup && !io->reader) tell_hangup(io);
}

enum ag_err ag_io_new(int fd, struct ag_io **ret_io)
{
    struct ag_io *io = calloc(1, sizeof(*io));
    if (!io) return ag_fail(AG_E_NO_MEMORY, "no memory for a descriptor");
    int rc = uv_poll_init(ag_loop_uv(ag_loop_self()), &io->poll, fd);
    if (rc != 0) {
        free(io);
        return ag_fail(AG_E_IO, "cannot watch a descriptor: %s", uv_strerror(rc));
    }
    io->fd = fd;
    io->poll.data = io;
    *ret_io = io;
    return AG_OK;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

int ag_io_release(struct ag_io *io)
{
    AG_ASSERT(!io->reader && !io->writer);
    int fd = io->fd;
    uv_close((uv_handle_t *)&io->poll, on_closed);
    return fd;
}

void ag_io_free(struct ag_io *io)
{
    if (io) close(ag_io_release(io));
}

int ag_io_fd(const struct ag_io *io)
{
    return io->fd;
}

static enum ag_err wait_for(struct ag_io *io, int events, ag_deadline_ms deadline)
{
    if (io->broken) return AG_OK;
    struct ag_fiber *self = ag_fiber_self();
    if (events & UV_READABLE) {
        AG_ASSERT(!io->reader);
        io->reader = self;
        /* The end of the stream is news only once: after it only data that is left counts, and
         * reading does not block then. */
        if (!io->hangup) events |= UV_DISCONNECT;
    }
    if (events & UV_WRITABLE) {
        AG_ASSERT(!io->writer);
        io->writer = self;
    }
    arm(io, io->armed | events);
    enum ag_err err = ag_fiber_park(deadline);
    if (io->reader == self) io->reader = NULL;
    if (io->writer == self) {
        io->writer = NULL;
        arm(io, io->armed & ~UV_WRITABLE);
    }
    return err;
}

enum ag_err ag_io_wait_readable(struct ag_io *io, ag_deadline_ms deadline)
{
    return wait_for(io, UV_READABLE, deadline);
}

enum ag_err ag_io_wait_writable(struct ag_io *io, ag_deadline_ms deadline)
{
    return wait_for(io, UV_WRITABLE, deadline);
}

enum ag_err ag_io_wait_either(struct ag_io *io, ag_deadline_ms deadline)
{
    return wait_for(io, UV_READABLE | UV_WRITABLE, deadline);
}

static bool peer_gone(int error)
{
    return error == ECONNRESET || error == EPIPE || error == ETIMEDOUT || error == EHOSTUNREACH ||
           error == ENETUNREACH || error == ENOTCONN;
}

enum ag_err ag_io_read(struct ag_io *io, void *buf, size_t size, ag_deadline_ms deadline,
                       size_t *ret_n)
{
    for (;;) {
        ssize_t n = recv(io->fd, buf, size, 0);
        if (n > 0) {
            *ret_n = (size_t)n;
            return AG_OK;
        }
        if (n == 0) return ag_fail(AG_E_CLOSED, "the peer closed the connection");
        if (errno == EINTR) continue;
        if (peer_gone(errno)) return ag_fail(AG_E_CLOSED, "the peer left: %s", strerror(errno));
        if (errno != EAGAIN && errno != EWOULDBLOCK)
            return ag_fail(AG_E_IO, "reading failed: %s", strerror(errno));
        AG_TRY(ag_io_wait_readable(io, deadline));
    }
}

enum ag_err ag_io_writev(struct ag_io *io, struct iovec *iov, int count, int64_t stall_ms)
{
    while (count > 0) {
        struct msghdr message = {.msg_iov = iov, .msg_iovlen = (size_t)count};
        ssize_t n = sendmsg(io->fd, &message, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno == EINTR) continue;
            if (peer_gone(errno)) return ag_fail(AG_E_CLOSED, "the peer left: %s", strerror(errno));
            if (errno != EAGAIN && errno != EWOULDBLOCK)
                return ag_fail(AG_E_IO, "writing failed: %s", strerror(errno));
            AG_TRY(ag_io_wait_writable(io, ag_deadline_in(stall_ms)));
            continue;
        }
        size_t written = (size_t)n;
        while (count > 0 && written >= iov->iov_len) {
            written -= iov->iov_len;
            iov++;
            count--;
        }
        if (count > 0) {
            iov->iov_base = (char *)iov->iov_base + written;
            iov->iov_len -= written;
        }
    }
    return AG_OK;
}

void ag_io_watch_hangup(struct ag_io *io, void (*fn)(void *arg), void *arg)
{
    io->on_hangup = fn;
    io->on_hangup_arg = arg;
    if (!fn) return;
    if (io->hangup)
        tell_hangup(io);
    else if (!io->armed)
        arm(io, UV_DISCONNECT);
}
