/* The files of the web pages, packed into the program by tools/pack_assets.py. */
#pragma once

#include "http/static.h"

extern const struct ag_asset_table ag_web_assets;
