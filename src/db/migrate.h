/* Migrations: SQL files built into the program, applied in order. Internal to db/ and its tests. */
#pragma once

#include "db/db.h"

struct ag_migration {
    int version; /* 1, 2, 3 ... */
    const char *name;
    const char *checksum; /* SHA-256 of the file, hexadecimal */
    const char *sql;
};

/* Generated from migrations/ by tools/embed_migrations.py. */
extern const struct ag_migration ag_migrations_sqlite[], ag_migrations_postgres[];
extern const size_t ag_migrations_count;

/* ag_db_migrate() with another list. */
enum ag_err ag_db_migrate_list(struct ag_db *db, const struct ag_migration *list, size_t count,
                               int *ret_applied) AG_MUST_USE AG_SUSPENDS;
