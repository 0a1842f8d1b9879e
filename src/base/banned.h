/* Functions that have no safe use here. The build includes this file into every source, so naming
 * one of them is a compile error. What to use instead stands beside each. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Macros of the system's headers; poisoning one is a warning. */
#undef sprintf
#undef vsprintf
#undef alloca

#pragma GCC poison strcpy strncpy                 /* ag_str, memcpy with a known length */
#pragma GCC poison strcat strncat                 /* ag_buf_append */
#pragma GCC poison sprintf vsprintf               /* ag_buf_printf, snprintf */
#pragma GCC poison strtok gets                    /* ag_str_split */
#pragma GCC poison atoi atol atoll atof           /* ag_str_to_int64, ag_str_to_double */
#pragma GCC poison strdup strndup                 /* ag_arena_copy, ag_arena_cstr */
#pragma GCC poison asctime ctime localtime gmtime /* ag_time_format */
#pragma GCC poison srand                          /* ag_random_bytes */
#pragma GCC poison alloca

/* OpenSSL names parameters so, therefore only calls are refused. */
int rand(void) __attribute__((deprecated("use ag_random_bytes()")));
