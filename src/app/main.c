#include "app/cli.h"

#include <unistd.h>

int main(int argc, char **argv)
{
    return ag_cli_main(argc, (const char *const *)argv, (const char *const *)environ);
}
