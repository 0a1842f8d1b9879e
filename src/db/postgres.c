#include "db/backend.h"

enum ag_err ag_pg_open(const struct ag_db_options *options, struct ag_db_counters *counters,
                       struct ag_db **ret_db)
{
    return ag_fail(AG_E_CONFIG, "this build knows SQLite only");
}
