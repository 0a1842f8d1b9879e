/*
 * Named faults for tests: a place in the code asks whether it shall fail now.
 *
 * Only debug builds have them; in a release build AG_FAULT() is the constant false. Faults are set
 * from AGENTGEN_FAULTS ("name=count,name=count"): the named place fails `count` times, then never
 * again; "name=-1" fails for ever; "name=1@5" fails once, when it is asked the fifth time.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

/* All names, so that a misspelt one is an error: X(name, what happens). */
#define AG_FAULT_TABLE(X)                                                                          \
    X(alloc, "an allocation of an arena or buffer fails")                                          \
    X(ack_before_commit, "the SQLite writer wakes its callers before it commits")                  \
    X(commit, "a commit fails as if the disk were full")                                           \
    X(slow_commit, "a commit takes half a second longer")                                          \
    X(accept, "accepting a connection fails as if out of descriptors")                             \
    X(spawn, "a fiber cannot be started")                                                          \
    X(db_read, "a query fails as if the database were gone")                                       \
    X(upstream_connect, "dialling a provider fails")                                               \
    X(oauth_keys_old, "an identity provider's keys count as read more than a minute ago")

#ifdef AG_DEBUG
enum ag_fault {
#define AG_FAULT_ENUM(name, doc) AG_FAULT_##name,
    AG_FAULT_TABLE(AG_FAULT_ENUM)
#undef AG_FAULT_ENUM
        AG_FAULT_COUNT
};
bool ag_fault_fires(enum ag_fault fault);
#define AG_FAULT(name) ag_fault_fires(AG_FAULT_##name)
#else
#define AG_FAULT(name) false
#endif

/* Arms faults from `text`. AG_E_INVALID: unknown name, bad count, or a release build. */
enum ag_err ag_fault_arm(struct ag_str text) AG_MUST_USE;
