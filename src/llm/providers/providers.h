/* The providers that the list in llm/providers.c names. A new one is a folder here and a line
 * there. */
#pragma once

#include "llm/llm.h"

extern const struct ag_provider ag_provider_openai;
extern const struct ag_provider ag_provider_anthropic;
extern const struct ag_provider ag_provider_sandbox;
