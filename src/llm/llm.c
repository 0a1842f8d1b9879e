#include "llm/llm.h"

const char *ag_finish_name(enum ag_finish finish)
{
    switch (finish) {
    case AG_FINISH_NONE:
        break;
    case AG_FINISH_STOP:
        return "stop";
    case AG_FINISH_LENGTH:
        return "length";
    case AG_FINISH_FILTER:
        return "content_filter";
    case AG_FINISH_TOOL_CALLS:
        return "tool_calls";
    }
    return "";
}
