#include "app/cli.h"

#include "app/suggest.h"
#include "app/version.h"
#include "base/log.h"

/* ---- understanding a command line ---- */

static const struct ag_command *find_command(struct ag_str name)
{
    for (const struct ag_command *command = ag_commands; command->name; command++)
        if (ag_str_eq(name, ag_str(command->name))) return command;
    return NULL;
}

/* Whether a command of two words begins with `word`. */
static bool begins_command(struct ag_str word)
{
    for (const struct ag_command *command = ag_commands; command->name; command++) {
        struct ag_str name = ag_str(command->name);
        if (name.len > word.len && name.data[word.len] == ' ' && ag_str_starts_with(name, word))
            return true;
    }
    return false;
}

static enum ag_err unknown_command(struct ag_str word)
{
    struct ag_suggestion suggestion;
    char hint[96];
    ag_suggest_begin(&suggestion, word, 0);
    for (const struct ag_command *command = ag_commands; command->name; command++)
        ag_suggest_consider(&suggestion, command->name);
    return ag_fail(AG_E_INVALID, "there is no command \"%.*s\"%s", AG_STR_ARG(word),
                   ag_suggest_end(&suggestion, hint));
}

static enum ag_err unknown_flag(const struct ag_command *command, struct ag_str flag)
{
    struct ag_suggestion suggestion;
    char hint[96], name[AG_OPTION_FLAG_BYTES];
    ag_suggest_begin(&suggestion, flag, 2);
    for (size_t i = 0; i < ag_option_count; i++)
        ag_suggest_consider(&suggestion, ag_option_flag(&ag_option_table[i], name));
    for (size_t i = 0; command && i < AG_COMMAND_MAX_FLAGS && command->flags[i].name; i++)
        ag_suggest_consider(&suggestion, command->flags[i].name);
    ag_suggest_consider(&suggestion, "--help");
    ag_suggest_consider(&suggestion, "--version");
    return ag_fail(AG_E_INVALID, "%.*s is not an option%s", AG_STR_ARG(flag),
                   ag_suggest_end(&suggestion, hint));
}

/* The arguments that are left. */
struct reader {
    int argc, next;
    const char *const *argv;
    bool only_words; /* after "--" */
};

/* The value of a flag: behind its '=', else the next argument. */
static enum ag_err flag_value(struct reader *reader, struct ag_str flag, struct ag_str attached,
                              struct ag_str *ret_value)
{
    if (attached.data) {
        *ret_value = attached;
        return AG_OK;
    }
    if (reader->next == reader->argc)
        return ag_fail(AG_E_INVALID, "%.*s wants a value", AG_STR_ARG(flag));
    *ret_value = ag_str(reader->argv[reader->next++]);
    return AG_OK;
}

static enum ag_err take_option(struct reader *reader, struct ag_invocation *inv,
                               const struct ag_option *option, struct ag_str flag,
                               struct ag_str attached)
{
    if (option->type == AG_OPT_SECRET)
        return ag_fail(AG_E_INVALID,
                       "%.*s: every user of this machine can read a command line; set %s or put "
                       "%s into the configuration file",
                       AG_STR_ARG(flag), option->env, option->key);
    struct ag_str value = attached;
    if (option->type != AG_OPT_BOOL)
        AG_TRY(flag_value(reader, flag, attached, &value));
    else if (!attached.data)
        value = AG_STR("true");
    struct ag_config_source *source = &inv->source;
    if (source->flag_count == AG_CONFIG_MAX_FLAGS)
        return ag_fail(AG_E_INVALID, "more than %d options", AG_CONFIG_MAX_FLAGS);
    source->flags[source->flag_count++] = (struct ag_setting){option, value};
    return AG_OK;
}

static enum ag_err take_flag(struct reader *reader, struct ag_invocation *inv, struct ag_str arg)
{
    struct ag_str flag = arg, attached = {0};
    ptrdiff_t equals = ag_str_find_char(arg, '=');
    if (equals >= 0) {
        flag.len = (size_t)equals;
        attached = ag_str_sub(arg, flag.len + 1, arg.len);
    }
    bool help = ag_str_eq(arg, AG_STR("--help")) || ag_str_eq(arg, AG_STR("-h"));
    inv->help = inv->help || help;
    bool version = ag_str_eq(arg, AG_STR("--version"));
    inv->version = inv->version || version;
    if (help || version) return AG_OK;

    const struct ag_command *command = inv->command;
    for (size_t i = 0; command && i < AG_COMMAND_MAX_FLAGS && command->flags[i].name; i++) {
        const struct ag_command_flag *own = &command->flags[i];
        if (!ag_str_eq(flag, ag_str(own->name))) continue;
        if (own->value) return flag_value(reader, flag, attached, &inv->flags[i]);
        if (attached.data) return ag_fail(AG_E_INVALID, "%.*s takes no value", AG_STR_ARG(flag));
        inv->flags[i] = AG_STR("true");
        return AG_OK;
    }
    const struct ag_option *option = ag_option_by_flag(flag);
    return option ? take_option(reader, inv, option, flag, attached) : unknown_flag(command, flag);
}

static enum ag_err take_word(struct reader *reader, struct ag_invocation *inv, struct ag_str word)
{
    if (inv->command) {
        if (inv->arg_count == inv->command->max_args)
            return ag_fail(AG_E_INVALID, "\"%.*s\" is one argument too many", AG_STR_ARG(word));
        inv->args[inv->arg_count++] = word;
        return AG_OK;
    }
    char two[64];
    if (begins_command(word) && reader->next < reader->argc &&
        reader->argv[reader->next][0] != '-') {
        snprintf(two, sizeof(two), "%.20s %.40s", word.data, reader->argv[reader->next++]);
        word = ag_str(two);
    }
    inv->command = find_command(word);
    return inv->command ? AG_OK : unknown_command(word);
}

/* Whether everything the command needs is there. */
static enum ag_err check_complete(const struct ag_invocation *inv)
{
    const struct ag_command *command = inv->command;
    if (inv->arg_count < command->min_args)
        return ag_fail(AG_E_INVALID, "%s wants %s", command->name, command->args);
    for (size_t i = 0; i < AG_COMMAND_MAX_FLAGS && command->flags[i].name; i++)
        if (command->flags[i].required && !inv->flags[i].data)
            return ag_fail(AG_E_INVALID, "%s wants %s %s", command->name, command->flags[i].name,
                           command->flags[i].value);
    return AG_OK;
}

enum ag_err ag_cli_parse(int argc, const char *const *argv, const char *const *env,
                         struct ag_invocation *ret_invocation)
{
    struct ag_invocation inv = {.source = {.env = env}};
    struct reader reader = {.argc = argc, .next = 1, .argv = argv};
    while (reader.next < argc) {
        struct ag_str arg = ag_str(argv[reader.next++]);
        if (!reader.only_words && ag_str_eq(arg, AG_STR("--")))
            reader.only_words = true;
        else if (!reader.only_words && arg.len > 1 && arg.data[0] == '-')
            AG_TRY(take_flag(&reader, &inv, arg));
        else
            AG_TRY(take_word(&reader, &inv, arg));
    }
    if (!inv.help && !inv.version) {
        if (!inv.command) inv.command = &ag_commands[0];
        AG_TRY(check_complete(&inv));
    }
    *ret_invocation = inv;
    return AG_OK;
}

/* ---- help ---- */

enum { HELP_BYTES = 64 * 1024, HELP_COLUMNS = 79 };

/* Words of `text` in lines of HELP_COLUMNS, each after `indent` spaces; without the backticks that
 * the documents have. */
static void wrap(struct ag_buf *out, struct ag_str text, int indent)
{
    int column = 0;
    for (struct ag_str word; ag_str_split(&text, ' ', &word);) {
        int width = 0;
        for (size_t i = 0; i < word.len; i++)
            width += word.data[i] != '`';
        if (width == 0) continue;
        if (column > 0 && column + 1 + width > HELP_COLUMNS) {
            ag_buf_append_char(out, '\n');
            column = 0;
        }
        if (column == 0) {
            ag_buf_printf(out, "%*s", indent, "");
            column = indent;
        } else {
            ag_buf_append_char(out, ' ');
            column++;
        }
        for (size_t i = 0; i < word.len; i++)
            if (word.data[i] != '`') ag_buf_append_char(out, word.data[i]);
        column += width;
    }
    ag_buf_append_char(out, '\n');
}

static void help_option(struct ag_buf *out, const struct ag_option *row)
{
    char flag[AG_OPTION_FLAG_BYTES];
    ag_buf_append_lit(out, "\n  ");
    if (row->type != AG_OPT_SECRET) {
        ag_buf_append_str(out, ag_str(ag_option_flag(row, flag)));
        if (row->type == AG_OPT_BOOL)
            ag_buf_append_lit(out, "[=false]");
        else
            ag_buf_append_str(out, row->type == AG_OPT_INT || row->type == AG_OPT_SIZE
                                       ? AG_STR(" N")
                                       : AG_STR(" TEXT"));
        ag_buf_append_lit(out, ", ");
    }
    ag_buf_printf(out, "%s\n", row->env);
    wrap(out, ag_str(row->doc), 6);
    ag_buf_append_lit(out, "      (");
    ag_option_range(row, out);
    if (row->def[0]) ag_buf_printf(out, "; default %s", row->def);
    ag_buf_append_lit(out, ")\n");
}

static void help_general(struct ag_buf *out)
{
    ag_buf_printf(out,
                  "agentgen %s: an AI-agent platform in one program\n\n"
                  "Usage: agentgen [COMMAND] [OPTIONS]\n\nCommands:\n",
                  AG_VERSION);
    for (const struct ag_command *command = ag_commands; command->name; command++)
        ag_buf_printf(out, "  %-14s %s\n", command->name, command->summary);
    ag_buf_append_lit(out, "\n`agentgen help COMMAND` tells more about one.\n\n");
    wrap(out,
         AG_STR("Options. Each is a flag, an environment variable and a key of the configuration "
                "file (`--data-dir`, `AGENTGEN_DATA_DIR`, `data_dir`); a flag wins over the "
                "environment, the environment over the file."),
         0);
    for (size_t i = 0; i < ag_option_count; i++)
        help_option(out, &ag_option_table[i]);
    ag_buf_append_lit(out, "\n  --help, --version\n");
}

static void help_command(struct ag_buf *out, const struct ag_command *command)
{
    ag_buf_printf(out, "Usage: agentgen %s", command->name);
    for (size_t i = 0; i < AG_COMMAND_MAX_FLAGS && command->flags[i].name; i++) {
        const struct ag_command_flag *flag = &command->flags[i];
        ag_buf_printf(out, flag->required ? " %s" : " [%s", flag->name);
        if (flag->value) ag_buf_printf(out, " %s", flag->value);
        if (!flag->required) ag_buf_append_char(out, ']');
    }
    if (command->args) ag_buf_printf(out, " %s", command->args);
    ag_buf_printf(out, "%s\n\n", command->configured ? " [OPTIONS]" : "");
    wrap(out, ag_str(command->summary), 0);
    if (command->doc) {
        ag_buf_append_char(out, '\n');
        wrap(out, ag_str(command->doc), 0);
    }
    for (size_t i = 0; i < AG_COMMAND_MAX_FLAGS && command->flags[i].name; i++) {
        const struct ag_command_flag *flag = &command->flags[i];
        ag_buf_printf(out, "\n  %s%s%s\n", flag->name, flag->value ? " " : "",
                      flag->value ? flag->value : "");
        wrap(out, ag_str(flag->doc), 6);
    }
    if (command->configured) ag_buf_append_lit(out, "\n`agentgen --help` lists the options.\n");
}

enum ag_err ag_cli_help(const struct ag_command *command, struct ag_buf *out)
{
    if (command)
        help_command(out, command);
    else
        help_general(out);
    return ag_buf_err(out);
}

/* ---- running ---- */

enum ag_exit ag_cli_fail(enum ag_err err)
{
    fprintf(stderr, "agentgen: %s\n", ag_diag_text(err));
    return err == AG_E_CONFIG ? AG_EXIT_CONFIG : AG_EXIT_FAILED;
}

enum ag_exit ag_cli_print(const struct ag_buf *out)
{
    if (ag_buf_err(out) != AG_OK) return ag_cli_fail(ag_buf_err(out));
    if (fwrite(out->data, 1, out->len, stdout) == out->len && fflush(stdout) == 0)
        return AG_EXIT_OK;
    perror("agentgen: standard output");
    return AG_EXIT_FAILED;
}

void ag_cli_report(const struct ag_config_report *report)
{
    for (struct ag_str rest = ag_buf_str(&report->warnings), line;
         ag_str_split(&rest, '\n', &line);)
        if (line.len > 0) ag_log(AG_LOG_WARN, "configuration", AG_LS("text", line));
    for (struct ag_str rest = ag_buf_str(&report->problems), line;
         ag_str_split(&rest, '\n', &line);)
        if (line.len > 0) fprintf(stderr, "agentgen: %.*s\n", AG_STR_ARG(line));
}

static enum ag_exit print_help(const struct ag_command *command)
{
    struct ag_buf out;
    ag_buf_init(&out, NULL, HELP_BYTES);
    ag_cli_help(command, &out);
    enum ag_exit status = ag_cli_print(&out);
    ag_buf_done(&out);
    return status;
}

/* Reads and checks the options; false after telling what is wrong with them. */
static enum ag_err configure(struct ag_invocation *inv)
{
    struct ag_config_report report;
    ag_config_report_init(&report);
    enum ag_err err = ag_config_load(&inv->source, &inv->options, &report);
    if (err == AG_OK) {
        err = ag_config_check(&inv->options, &report);
        if (err != AG_OK) ag_options_done(&inv->options);
    }
    ag_cli_report(&report);
    ag_config_report_done(&report);
    return err;
}

int ag_cli_main(int argc, const char *const *argv, const char *const *env)
{
    struct ag_invocation inv;
    enum ag_err err = ag_cli_parse(argc, argv, env, &inv);
    if (err != AG_OK) {
        fprintf(stderr, "agentgen: %s\n`agentgen --help` lists commands and options.\n",
                ag_diag_text(err));
        return AG_EXIT_USAGE;
    }
    if (inv.help) return print_help(inv.command);
    if (inv.version) {
        printf("agentgen %s\n", AG_VERSION);
        return fflush(stdout) == 0 ? AG_EXIT_OK : AG_EXIT_FAILED;
    }
    if (!inv.command->configured) return inv.command->run(&inv);

    err = configure(&inv);
    if (err == AG_E_CONFIG) return AG_EXIT_CONFIG;
    if (err != AG_OK) return ag_cli_fail(err);
    enum ag_exit status = inv.command->run(&inv);
    ag_options_done(&inv.options);
    return status;
}
