/* yyjson's memory out of an arena. Internal to what reads JSON with yyjson. */
#pragma once

#include "base/arena.h"

#include <yyjson.h>

/* Frees nothing: the arena does. */
yyjson_alc ag_json_alc(struct ag_arena *arena);
