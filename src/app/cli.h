/*
 * The command line: `agentgen [COMMAND] [OPTIONS]`.
 *
 * Every command is a row of the table in commands.c. Options may stand anywhere; a command's own
 * flags follow its name.
 */
#pragma once

#include "app/config.h"

enum ag_exit {
    AG_EXIT_OK = 0,
    AG_EXIT_FAILED = 1,
    AG_EXIT_USAGE = 64,  /* EX_USAGE of sysexits.h */
    AG_EXIT_CONFIG = 78, /* EX_CONFIG */
};

enum { AG_COMMAND_MAX_FLAGS = 4, AG_COMMAND_MAX_ARGS = 2 };

struct ag_command_flag {
    const char *name;  /* "--dir" */
    const char *value; /* its value's name in the help: "DIR"; NULL: it takes none */
    bool required;
    const char *doc;
};

struct ag_invocation;

struct ag_command {
    const char *name; /* "user create" */
    const char *args; /* of the usage line: "EMAIL", or NULL */
    size_t min_args, max_args;
    bool configured;     /* runs with valid options; `invocation->options` is filled */
    const char *summary; /* one line */
    const char *doc;     /* what the help adds, or NULL */
    struct ag_command_flag flags[AG_COMMAND_MAX_FLAGS];
    enum ag_exit (*run)(struct ag_invocation *invocation);
};
/* The row without a name ends it; the first one is the default. */
extern const struct ag_command ag_commands[];

/* A command line that was understood. */
struct ag_invocation {
    const struct ag_command *command; /* NULL: none was named */
    bool help, version;               /* --help, --version */
    struct ag_str args[AG_COMMAND_MAX_ARGS];
    size_t arg_count;
    struct ag_str flags[AG_COMMAND_MAX_FLAGS]; /* values, by row; data NULL: not given */
    struct ag_config_source source;
    struct ag_options options; /* when `command->configured` */
};

/* Understands a command line. AG_E_INVALID with a diagnostic that says how to mend it. */
enum ag_err ag_cli_parse(int argc, const char *const *argv, const char *const *env,
                         struct ag_invocation *ret_invocation) AG_MUST_USE;
/* Parses and runs; what main() returns. */
int ag_cli_main(int argc, const char *const *argv, const char *const *env);

/* Appends the general help, or that of a command. */
enum ag_err ag_cli_help(const struct ag_command *command, struct ag_buf *out);

/* Prints "agentgen: " and the diagnostic of `err`, with the exit status that says as much. */
enum ag_exit ag_cli_fail(enum ag_err err);
/* Writes a document to standard output. */
enum ag_exit ag_cli_print(const struct ag_buf *out);
/* Logs the warnings and prints the problems. */
void ag_cli_report(const struct ag_config_report *report);
