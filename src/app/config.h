/*
 * Configuration: where the options' values come from.
 *
 * A flag wins over the environment, the environment over the configuration file, the file over the
 * default. Every mistake is found and reported at once, with the place it stands at.
 */
#pragma once

#include "app/options.h"

enum { AG_CONFIG_MAX_FLAGS = 64, AG_CONFIG_MAX_FILE_BYTES = 256 * 1024 };

struct ag_setting {
    const struct ag_option *option;
    struct ag_str value;
};

/* What was given; kept by the caller to read everything once more on reload. */
struct ag_config_source {
    struct ag_setting flags[AG_CONFIG_MAX_FLAGS]; /* in the order they came; the last one wins */
    size_t flag_count;
    const char *const *env; /* "NAME=value", NULL at the end */
};

/* Lines for people, each with its end; on the heap. */
struct ag_config_report {
    struct ag_buf problems;
    struct ag_buf warnings; /* unknown AGENTGEN_* names and the like */
};
void ag_config_report_init(struct ag_config_report *report);
void ag_config_report_done(struct ag_config_report *report);

/* Reads the values. AG_E_CONFIG with `report->problems` filled, AG_E_NO_MEMORY; there is nothing to
 * free then. */
enum ag_err ag_config_load(const struct ag_config_source *source, struct ag_options *ret_options,
                           struct ag_config_report *report) AG_MUST_USE;
/* Finds what is wrong with values that look right one by one: secrets that are too short, address
 * ranges, URLs, faults (which are armed thereby). Same errors. */
enum ag_err ag_config_check(const struct ag_options *options,
                            struct ag_config_report *report) AG_MUST_USE;
