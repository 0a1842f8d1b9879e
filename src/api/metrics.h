/* Metrics in the Prometheus text exposition format 0.0.4. */
#pragma once

#include "api/route.h"

enum ag_err ag_metrics_write(struct ag_api *api, struct ag_buf *out);
