#include "app/data_dir.h"

#include "base/id.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = AG_OPTION_MAX_VALUE_BYTES + 32 };

/* ---- the folder ---- */

enum ag_err ag_data_dir_make(const struct ag_options *options)
{
    struct ag_str dir = options->data_dir;
    char path[PATH_BYTES];
    snprintf(path, sizeof(path), "%.*s", AG_STR_ARG(dir));
    for (char *slash = path + 1;; slash++) {
        if (*slash != '/' && *slash != '\0') continue;
        char kept = *slash;
        *slash = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return ag_fail(AG_E_IO, "cannot make the data folder %s: %s", path, strerror(errno));
        if (kept == '\0') break;
        *slash = kept;
    }
    if (access(path, R_OK | W_OK | X_OK) != 0)
        return ag_fail(AG_E_IO, "cannot use the data folder %s: %s", path, strerror(errno));
    return AG_OK;
}

/* ---- one server per SQLite database ---- */

enum ag_err ag_database_lock(struct ag_str database_url, int *ret_fd)
{
    struct ag_str prefix = AG_STR("sqlite:");
    if (!ag_str_starts_with(database_url, prefix)) {
        *ret_fd = -1;
        return AG_OK;
    }
    struct ag_str database = ag_str_sub(database_url, prefix.len, database_url.len);
    char path[PATH_BYTES];
    snprintf(path, sizeof(path), "%.*s.lock", AG_STR_ARG(database));
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return ag_fail(AG_E_IO, "cannot open %s: %s", path, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        int lock_errno = errno;
        char pid[16] = "";
        ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);
        close(fd);
        if (lock_errno != EWOULDBLOCK)
            return ag_fail(AG_E_IO, "cannot lock %s: %s", path, strerror(lock_errno));
        for (int i = 0; i < (int)sizeof(pid); i++)
            if (i >= n || pid[i] < '0' || pid[i] > '9') pid[i] = '\0';
        return ag_fail(AG_E_CONFLICT,
                       "another agentgen (process %s) uses %.*s: stop it first, or choose another "
                       "folder with --data-dir",
                       pid[0] ? pid : "unknown", AG_STR_ARG(database));
    }
    /* Who has it, for the message above; not knowing is no reason to stop. */
    if (ftruncate(fd, 0) != 0 || dprintf(fd, "%ld\n", (long)getpid()) < 0)
        ag_log(AG_LOG_WARN, "lock_file", AG_LC("path", path), AG_LC("error", strerror(errno)));
    *ret_fd = fd;
    return AG_OK;
}

void ag_database_unlock(int fd)
{
    /* The file stays: removing it could take it away from under the next server. */
    if (fd >= 0) close(fd);
}

/* ---- secrets ---- */

static const char SECRETS_HEAD[] =
    "# The secrets of this agentgen server, made at its first start. Keep them private, and keep\n"
    "# them: without JWT_SECRET every token in use becomes invalid.\n";

enum {
    SECRET_RANDOM_BYTES = 32,
    SECRET_CHARS = 44, /* in base64url, with NUL */
    SECRETS_FILE_BYTES = 4096,
};

/* The value of `JWT_SECRET=` in the file's text. */
static enum ag_err parse_secrets(struct ag_str text, const char *path, struct ag_arena *arena,
                                 struct ag_str *ret_jwt_secret)
{
    struct ag_str name = AG_STR("JWT_SECRET=");
    for (struct ag_str rest = text, line; ag_str_split(&rest, '\n', &line);) {
        line = ag_str_trim(line);
        if (!ag_str_starts_with(line, name)) continue;
        struct ag_str secret = ag_arena_copy(arena,
                                             ag_str_trim(ag_str_sub(line, name.len, line.len)));
        if (!secret.data) return ag_fail(AG_E_NO_MEMORY, "no memory for the secrets");
        *ret_jwt_secret = secret;
        return AG_OK;
    }
    return ag_fail(AG_E_CONFIG,
                   "%s holds no JWT_SECRET: restore it, or remove it to sign all users out", path);
}

/* Reads the file. AG_E_NOT_FOUND when there is none. */
static enum ag_err read_secrets(const char *path, struct ag_arena *arena,
                                struct ag_str *ret_jwt_secret)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT) return AG_E_NOT_FOUND;
    if (fd < 0) return ag_fail(AG_E_IO, "cannot read %s: %s", path, strerror(errno));
    struct stat st;
    if (fstat(fd, &st) == 0 && (st.st_mode & (S_IRWXG | S_IRWXO)))
        ag_log(AG_LOG_WARN, "secrets_readable_by_others", AG_LC("path", path),
               AG_LC("mend", "chmod 600"));
    char text[SECRETS_FILE_BYTES];
    ssize_t n = pread(fd, text, sizeof(text), 0);
    int read_errno = errno;
    close(fd);
    if (n < 0) return ag_fail(AG_E_IO, "cannot read %s: %s", path, strerror(read_errno));
    enum ag_err err = parse_secrets(ag_str_n(text, (size_t)n), path, arena, ret_jwt_secret);
    explicit_bzero(text, sizeof(text));
    return err;
}

static enum ag_err write_durably(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return ag_fail(AG_E_IO, "cannot write %s: %s", path, strerror(errno));
    size_t len = strlen(text);
    bool ok = fchmod(fd, 0600) == 0 && write(fd, text, len) == (ssize_t)len && fsync(fd) == 0;
    int write_errno = errno;
    close(fd);
    if (ok) return AG_OK;
    unlink(path);
    return ag_fail(AG_E_IO, "cannot write %s: %s", path, strerror(write_errno));
}

static enum ag_err sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    int sync_errno = errno;
    if (fd >= 0) close(fd);
    return ok ? AG_OK : ag_fail(AG_E_IO, "cannot sync %s: %s", path, strerror(sync_errno));
}

/* Writes a file with new secrets. When another server (on PostgreSQL there may be several) was
 * quicker its file stays: the caller reads what is there. */
static enum ag_err make_secrets(const char *dir, const char *path)
{
    uint8_t random[SECRET_RANDOM_BYTES];
    char secret[SECRET_CHARS], text[512], draft[PATH_BYTES + 16];
    ag_random_bytes(random, sizeof(random));
    sodium_bin2base64(secret, sizeof(secret), random, sizeof(random),
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    snprintf(text, sizeof(text), "%sJWT_SECRET=%s\n", SECRETS_HEAD, secret);
    snprintf(draft, sizeof(draft), "%s.%ld", path, (long)getpid());
    enum ag_err err = write_durably(draft, text);
    sodium_memzero(random, sizeof(random));
    sodium_memzero(secret, sizeof(secret));
    sodium_memzero(text, sizeof(text));
    AG_TRY(err);
    bool done = link(draft, path) == 0 || errno == EEXIST;
    /* Not every file system has links. */
    if (!done) done = rename(draft, path) == 0;
    int link_errno = errno;
    unlink(draft);
    if (!done) return ag_fail(AG_E_IO, "cannot write %s: %s", path, strerror(link_errno));
    return sync_folder(dir);
}

enum ag_err ag_secrets_load(const struct ag_options *options, struct ag_arena *arena,
                            struct ag_str *ret_jwt_secret, bool *ret_new)
{
    struct ag_str secret;
    bool is_new = false;
    if (options->jwt_secret.len > 0) {
        secret = ag_arena_copy(arena, options->jwt_secret);
        if (!secret.data) return ag_fail(AG_E_NO_MEMORY, "no memory for the secrets");
    } else {
        char path[PATH_BYTES];
        snprintf(path, sizeof(path), "%.*s/secrets", AG_STR_ARG(options->data_dir));
        enum ag_err err = read_secrets(path, arena, &secret);
        if (err == AG_E_NOT_FOUND) {
            AG_TRY(make_secrets(options->data_dir.data, path));
            is_new = true;
            err = read_secrets(path, arena, &secret);
            if (err == AG_E_NOT_FOUND) err = ag_fail(AG_E_IO, "%s has disappeared", path);
        }
        AG_TRY(err);
    }
    *ret_jwt_secret = secret;
    *ret_new = is_new;
    return AG_OK;
}
