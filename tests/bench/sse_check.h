/* Reads one server-sent event stream of a scripted answer and judges it: every mark in order,
 * exactly one terminal event and nothing after it, event ids rising. Understands the streams of
 * agentgen (event: delta … run.completed), OpenAI (data only … [DONE]) and Anthropic
 * (content_block_delta … message_stop), so the same check stands before and behind a proxy. Pure:
 * no socket, no clock. */
#pragma once

#include "measure.h"

/* One line of a stream; agentgen repeats the whole answer in its last event. */
#define AG_SSE_LINE_MAX_BYTES  (1024 * 1024)
#define AG_SSE_EVENT_MAX_BYTES 64

struct ag_sse_check {
    struct ag_bytes line; /* the one being read */
    struct ag_bytes data; /* of the event being read */
    char event[AG_SSE_EVENT_MAX_BYTES + 1];
    bool overflow;
    uint64_t last_id; /* of the last event with a decimal id, plus one */
    unsigned next_seq;
    unsigned frames;    /* events that carried text */
    unsigned marks;     /* pieces of the upstream seen in them */
    unsigned disorder;  /* marks that were not the next one: lost, doubled or swapped before them */
    unsigned id_errors; /* ids that did not rise */
    unsigned completed; /* terminal events that say the answer is whole */
    unsigned failed;    /* terminal events that say it is not */
    unsigned after_end; /* events behind the terminal one */
    unsigned final_marks; /* pieces in the answer repeated by run.completed; 0 when not repeated */
    uint64_t first_frame_ns;
    uint64_t last_frame_ns;
};

/* Prepares for the next stream, keeping the buffers. Zero-initialise before the first use. */
void ag_sse_check_reset(struct ag_sse_check *check);
void ag_sse_check_done(struct ag_sse_check *check);

/* Reads body bytes that arrived at now_ns; the delay of each mark goes to `delays`, the time
 * between two frames to `gaps`. */
void ag_sse_check_feed(struct ag_sse_check *check, const char *data, size_t len, uint64_t now_ns,
                       struct ag_samples *delays, struct ag_samples *gaps);
