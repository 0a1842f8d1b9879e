/*
 * Descriptors on the loop: a fiber waits until one is readable or writable.
 *
 * A descriptor stays registered with the kernel while it is open (no system call per wait). At most
 * one fiber reads and one writes at a time.
 */
#pragma once

#include "runtime/fiber.h"

#include <sys/uio.h>

struct ag_io;

/* Takes ownership of the non-blocking descriptor `fd`. AG_E_NO_MEMORY, AG_E_IO: `fd` stays the
 * caller's. */
enum ag_err ag_io_new(int fd, struct ag_io **ret_io) AG_MUST_USE;
/* Closes the descriptor and frees at the loop's next turn. No fiber may wait on it. NULL is fine.
 */
void ag_io_free(struct ag_io *io);
/* The same, but the descriptor stays open and is the caller's again (libpq owns its sockets). */
int ag_io_release(struct ag_io *io);
int ag_io_fd(const struct ag_io *io);

/* AG_OK, AG_E_TIMEOUT, AG_E_CANCELED. Readable includes end of stream and errors. */
enum ag_err ag_io_wait_readable(struct ag_io *io, ag_deadline_ms deadline) AG_MUST_USE AG_SUSPENDS;
enum ag_err ag_io_wait_writable(struct ag_io *io, ag_deadline_ms deadline) AG_MUST_USE AG_SUSPENDS;
/* Whichever comes first. */
enum ag_err ag_io_wait_either(struct ag_io *io, ag_deadline_ms deadline) AG_MUST_USE AG_SUSPENDS;

/* Reads 1..size bytes. AG_E_CLOSED at end of stream or reset, AG_E_IO, AG_E_TIMEOUT, AG_E_CANCELED.
 * Tries without waiting first. */
enum ag_err ag_io_read(struct ag_io *io, void *buf, size_t size, ag_deadline_ms deadline,
                       size_t *ret_n) AG_MUST_USE AG_SUSPENDS;
/* Writes all of `iov` (changed while writing). `stall_ms` bounds every wait for room, not the
 * whole. AG_E_CLOSED when the peer is gone, AG_E_TIMEOUT, AG_E_CANCELED, AG_E_IO. */
enum ag_err ag_io_writev(struct ag_io *io, struct iovec *iov, int count,
                         int64_t stall_ms) AG_MUST_USE AG_SUSPENDS;

/* Calls `fn(arg)` on the loop, once, when the peer closes or resets while nobody reads; NULL stops
 * watching. How a handler that is busy elsewhere learns that its client has left. */
void ag_io_watch_hangup(struct ag_io *io, void (*fn)(void *arg), void *arg);
