/* SQLite connections: opening, statements, values, errors. */
#include "db/sqlite.h"

#include <errno.h>

enum {
    MMAP_BYTES = 256 * 1024 * 1024, /* read through the page cache, without copying pages */
    READER_CACHE_KIB = 2048,
    WRITER_CACHE_KIB = 8192,
    SQL_MAX_BYTES = 16 * 1024,
    OPEN_BUSY_MS = 5000, /* longest wait for another process that opens or closes it, too */
    OPEN_PAUSE_MS = 2,
};

/* ---- errors ---- */

static bool disk_is_full(struct ag_sqlite_conn *conn)
{
    int error = conn->db ? sqlite3_system_errno(conn->db) : 0;
    return error == ENOSPC || error == EDQUOT;
}

static enum ag_err map_error(struct ag_sqlite_conn *conn, int rc)
{
    switch (rc) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
        return AG_E_EXISTS;
    case SQLITE_CONSTRAINT_FOREIGNKEY:
        return AG_E_CONFLICT;
    }
    switch (rc & 0xff) {
    case SQLITE_FULL:
        return AG_E_STORAGE_FULL;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        return disk_is_full(conn) ? AG_E_STORAGE_FULL : AG_E_STORAGE;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_NOLFS:
        return AG_E_STORAGE;
    case SQLITE_READONLY:
        /* A reader that writes is a mistake; a file system that became read-only is a fault. */
        return sqlite3_db_readonly(conn->db, "main") == 1 ? AG_E_STORAGE : AG_E_INTERNAL;
    case SQLITE_NOMEM:
        return AG_E_NO_MEMORY;
    default:
        return AG_E_INTERNAL;
    }
}

enum ag_err ag_sqlite_fail(struct ag_sqlite_conn *conn, int rc, const char *what)
{
    return ag_fail(map_error(conn, rc), "%s: %s (SQLite code %d)", what,
                   conn->db ? sqlite3_errmsg(conn->db) : sqlite3_errstr(rc), rc);
}

/* ---- opening ---- */

enum ag_err ag_sqlite_script(struct ag_sqlite_conn *conn, const char *sql)
{
    int rc = sqlite3_exec(conn->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? AG_OK : ag_sqlite_fail(conn, rc, "running a script");
}

/* Changing the journal mode, and reading while another process opens or closes the database, fail
 * at once as busy, whatever the busy time-out is. */
static enum ag_err set_up(struct ag_sqlite_conn *conn, const char *sql)
{
    ag_deadline_ms deadline = ag_deadline_in(OPEN_BUSY_MS);
    for (;;) {
        enum ag_err err = ag_sqlite_script(conn, sql);
        if (err == AG_OK || (sqlite3_errcode(conn->db) & 0xff) != SQLITE_BUSY ||
            ag_mono_ms() >= deadline)
            return err;
        nanosleep(&(struct timespec){.tv_nsec = OPEN_PAUSE_MS * 1000000L}, NULL);
    }
}

static enum ag_err configure(struct ag_sqlite_conn *conn, enum ag_sqlite_role role)
{
    sqlite3_extended_result_codes(conn->db, 1);
    sqlite3_db_config(conn->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(conn->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    sqlite3_db_config(conn->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_busy_timeout(conn->db, conn->busy_ms);
    int rc = ag_sqlite_add_like(conn->db);
    if (rc != SQLITE_OK) return ag_sqlite_fail(conn, rc, "adding a function");

    /* The log is copied back by the checkpointer alone, never inside somebody's commit. */
    AG_TRY(set_up(conn, role == AG_SQLITE_READER
                            ? "PRAGMA query_only=ON"
                            : "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                              "PRAGMA wal_autocheckpoint=0; PRAGMA foreign_keys=ON;"));
    char sql[128];
    snprintf(sql, sizeof(sql),
             "PRAGMA temp_store=MEMORY; PRAGMA mmap_size=%d; PRAGMA cache_size=-%d", MMAP_BYTES,
             role == AG_SQLITE_WRITER ? WRITER_CACHE_KIB : READER_CACHE_KIB);
    return set_up(conn, sql);
}

/* Some file systems cannot share the memory that the log needs; SQLite then stays with a rollback
 * journal, under which readers and the writer would lock each other out. */
static enum ag_err check_wal(struct ag_sqlite_conn *conn)
{
    sqlite3_stmt *stmt;
    int rc = sqlite3_prepare_v2(conn->db, "PRAGMA journal_mode", -1, &stmt, NULL);
    if (rc != SQLITE_OK) return ag_sqlite_fail(conn, rc, "asking for the journal mode");
    rc = sqlite3_step(stmt);
    bool wal = rc == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(stmt, 0), "wal") == 0;
    sqlite3_finalize(stmt);
    if (wal) return AG_OK;
    return ag_fail(AG_E_STORAGE, "this file system cannot hold a write-ahead log");
}

enum ag_err ag_sqlite_conn_open(struct ag_sqlite_conn *conn, const char *path,
                                enum ag_sqlite_role role, int64_t busy_ms)
{
    *conn = (struct ag_sqlite_conn){
        .stmt_max = ag_db_stmt_max(),
        .busy_ms = (int)AG_MIN(busy_ms, INT32_MAX),
    };
    conn->stmts = calloc(conn->stmt_max + 1, sizeof(*conn->stmts));
    if (!conn->stmts) return ag_fail(AG_E_NO_MEMORY, "no memory for a database connection");
    int rc = sqlite3_open_v2(path, &conn->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    enum ag_err err = rc == SQLITE_OK ? configure(conn, role)
                                      : ag_sqlite_fail(conn, rc, "opening the database");
    if (err == AG_OK && role == AG_SQLITE_WRITER) err = check_wal(conn);
    if (err != AG_OK) {
        ag_fail_more(err, "SQLite database %s", path);
        ag_sqlite_conn_close(conn);
    }
    return err;
}

void ag_sqlite_conn_close(struct ag_sqlite_conn *conn)
{
    for (unsigned i = 0; conn->stmts && i <= conn->stmt_max; i++)
        sqlite3_finalize(conn->stmts[i]);
    free(conn->stmts);
    if (conn->db) {
        int rc = sqlite3_close(conn->db);
        AG_ASSERT(rc == SQLITE_OK);
    }
    *conn = (struct ag_sqlite_conn){0};
}

/* ---- statements ---- */

/* Our `$n` are numbers; to SQLite `$1` would be a name, while `?1` is a number. */
static enum ag_err number_params(const struct ag_stmt *stmt, const char *sql, char *out)
{
    size_t len = strlen(sql);
    if (len >= SQL_MAX_BYTES)
        return ag_fail(AG_E_INTERNAL, "statement %s is longer than %d bytes", stmt->name,
                       SQL_MAX_BYTES);
    memcpy(out, sql, len + 1);
    for (char *p = out; *p;) {
        size_t skip = ag_sql_skip(p);
        if (skip == 0 && *p == '$' && p[1] >= '0' && p[1] <= '9') *p = '?';
        p += AG_MAX(skip, 1);
    }
    return AG_OK;
}

static enum ag_err prepare(struct ag_sqlite_conn *conn, const struct ag_stmt *stmt,
                           sqlite3_stmt **ret, int *ret_rc)
{
    *ret_rc = SQLITE_ERROR;
    if (stmt->id > conn->stmt_max)
        return ag_fail(AG_E_INTERNAL, "statement %s was registered after the database was opened",
                       stmt->name);
    char *sql = malloc(SQL_MAX_BYTES);
    if (!sql) return ag_fail(AG_E_NO_MEMORY, "no memory for statement %s", stmt->name);
    enum ag_err err = number_params(stmt, stmt->sqlite ? stmt->sqlite : stmt->sql, sql);
    sqlite3_stmt *prepared = NULL;
    if (err == AG_OK) {
        *ret_rc = sqlite3_prepare_v3(conn->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &prepared, NULL);
        if (*ret_rc != SQLITE_OK) err = ag_sqlite_fail(conn, *ret_rc, stmt->name);
    }
    free(sql);
    AG_TRY(err);
    if (sqlite3_column_count(prepared) != (int)strlen(stmt->columns)) {
        err = ag_fail(AG_E_INTERNAL, "statement %s has %d columns, %zu are declared", stmt->name,
                      sqlite3_column_count(prepared), strlen(stmt->columns));
        sqlite3_finalize(prepared);
        return err;
    }
    *ret = conn->stmts[stmt->id] = prepared;
    return AG_OK;
}

/* ---- values ---- */

/* Room for a parameter that is text in SQLite and something shorter here. */
union scratch {
    char uuid[AG_UUID_TEXT_BYTES];
    char time[AG_TIME_TEXT_BYTES];
};

static int bind_text(sqlite3_stmt *stmt, int n, struct ag_str s)
{
    /* A NULL pointer would mean NULL. The memory outlives the statement's run. */
    return sqlite3_bind_text64(stmt, n, s.data ? s.data : "", s.len, SQLITE_STATIC, SQLITE_UTF8);
}

static int bind_value(sqlite3_stmt *stmt, int n, const struct ag_value *value, union scratch *room)
{
    switch (value->type) {
    case AG_V_UUID:
        return bind_text(stmt, n, ag_uuid_format(value->uuid, room->uuid));
    case AG_V_TIME:
        return bind_text(stmt, n, ag_time_format(value->num, room->time));
    case AG_V_TEXT:
    case AG_V_JSON:
        return bind_text(stmt, n, value->str);
    case AG_V_BYTES:
        return sqlite3_bind_blob64(stmt, n, value->str.data ? value->str.data : "", value->str.len,
                                   SQLITE_STATIC);
    case AG_V_INT:
    case AG_V_BOOL:
        return sqlite3_bind_int64(stmt, n, value->num);
    case AG_V_REAL:
        return sqlite3_bind_double(stmt, n, value->real);
    case AG_V_NULL:
        break;
    }
    return sqlite3_bind_null(stmt, n);
}

static enum ag_err wrong_column(const struct ag_stmt *stmt, size_t column)
{
    return ag_fail(AG_E_INTERNAL, "statement %s: column %zu is not of type '%c'", stmt->name,
                   column + 1, stmt->columns[column]);
}

static enum ag_err copy_text(struct ag_rows_builder *b, sqlite3_stmt *stmt, size_t column, int kind,
                             struct ag_str *ret)
{
    bool bytes = b->stmt->columns[column] == AG_V_BYTES;
    if (kind != (bytes ? SQLITE_BLOB : SQLITE_TEXT)) return wrong_column(b->stmt, column);
    int i = (int)column;
    const void *data = bytes ? sqlite3_column_blob(stmt, i) : sqlite3_column_text(stmt, i);
    size_t len = (size_t)sqlite3_column_bytes(stmt, i);
    if (!data && len > 0)
        return ag_fail(AG_E_NO_MEMORY, "statement %s: no memory for its rows", b->stmt->name);
    char *copy;
    AG_TRY(ag_rows_text(b, len, &copy));
    if (len > 0) memcpy(copy, data, len);
    *ret = ag_str_n(copy, len);
    return AG_OK;
}

static enum ag_err parse_text(struct ag_rows_builder *b, sqlite3_stmt *stmt, size_t column,
                              int kind, struct ag_value *ret)
{
    if (kind != SQLITE_TEXT) return wrong_column(b->stmt, column);
    struct ag_str text = {.data = (const char *)sqlite3_column_text(stmt, (int)column),
                          .len = (size_t)sqlite3_column_bytes(stmt, (int)column)};
    if (!text.data)
        return ag_fail(AG_E_NO_MEMORY, "statement %s: no memory for its rows", b->stmt->name);
    enum ag_err err = ret->type == AG_V_UUID ? ag_uuid_parse(text, &ret->uuid)
                                             : ag_time_parse(text, &ret->num);
    return err == AG_OK ? AG_OK : wrong_column(b->stmt, column);
}

static enum ag_err read_column(struct ag_rows_builder *b, sqlite3_stmt *stmt, size_t column,
                               struct ag_value *ret)
{
    int i = (int)column, kind = sqlite3_column_type(stmt, i);
    *ret = (struct ag_value){.type = (enum ag_value_type)b->stmt->columns[column]};
    if (kind == SQLITE_NULL) {
        ret->type = AG_V_NULL;
        return AG_OK;
    }
    switch (ret->type) {
    case AG_V_UUID:
    case AG_V_TIME:
        return parse_text(b, stmt, column, kind, ret);
    case AG_V_INT:
    case AG_V_BOOL:
        if (kind != SQLITE_INTEGER) return wrong_column(b->stmt, column);
        ret->num = sqlite3_column_int64(stmt, i);
        if (ret->type == AG_V_BOOL) ret->num = ret->num != 0;
        return AG_OK;
    case AG_V_REAL:
        if (kind != SQLITE_FLOAT && kind != SQLITE_INTEGER) return wrong_column(b->stmt, column);
        ret->real = sqlite3_column_double(stmt, i);
        return AG_OK;
    default:
        return copy_text(b, stmt, column, kind, &ret->str);
    }
}

static enum ag_err read_row(struct ag_rows_builder *b, sqlite3_stmt *stmt)
{
    enum ag_err err = AG_OK;
    struct ag_value *row = ag_rows_next(b, &err);
    if (!row) return err;
    for (size_t i = 0; i < b->columns; i++)
        AG_TRY(read_column(b, stmt, i, &row[i]));
    return AG_OK;
}

/* ---- running ---- */

static enum ag_err step_all(struct ag_sqlite_conn *conn, sqlite3_stmt *prepared,
                            struct ag_rows_builder *b, bool want_rows, int *ret_rc)
{
    for (;;) {
        int rc = *ret_rc = sqlite3_step(prepared);
        if (rc == SQLITE_DONE) return AG_OK;
        if (rc != SQLITE_ROW) return ag_sqlite_fail(conn, rc, b->stmt->name);
        if (want_rows) AG_TRY(read_row(b, prepared));
    }
}

enum ag_err ag_sqlite_run(struct ag_sqlite_conn *conn, struct ag_arena *arena,
                          const struct ag_stmt *stmt, const struct ag_value *params,
                          size_t max_bytes, struct ag_rows *ret_rows, int *ret_rc)
{
    sqlite3_stmt *prepared = stmt->id <= conn->stmt_max ? conn->stmts[stmt->id] : NULL;
    if (AG_UNLIKELY(!prepared)) AG_TRY(prepare(conn, stmt, &prepared, ret_rc));

    union scratch scratch[AG_DB_MAX_PARAMS];
    int used = sqlite3_bind_parameter_count(prepared);
    for (int i = 0; i < used; i++) {
        int rc = *ret_rc = bind_value(prepared, i + 1, &params[i], &scratch[i]);
        if (rc != SQLITE_OK) return ag_sqlite_fail(conn, rc, stmt->name);
    }

    struct ag_rows_builder b;
    ag_rows_begin(&b, arena, stmt, max_bytes);
    enum ag_err err = step_all(conn, prepared, &b, ret_rows != NULL, ret_rc);
    if (err == AG_OK && ret_rows)
        ag_rows_end(&b, sqlite3_stmt_readonly(prepared) ? 0 : sqlite3_changes64(conn->db),
                    ret_rows);
    sqlite3_reset(prepared);
    return err;
}
