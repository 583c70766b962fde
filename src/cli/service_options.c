#include "cli/service_options.h"

#include <getopt.h>
#include <stdio.h>

#include "cli/fold.h"

enum { OWN = 'w' };

int service_options(int argc, char **argv, const struct service_command *command)
{
    const struct option long_options[] = {
        {"config", required_argument, NULL, 'c'},
        {"state", required_argument, NULL, 's'},
        {command->own, required_argument, NULL, OWN},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int c, code = 0;

    while (code == 0 && (c = getopt_long(argc, argv, command->letters, long_options, NULL)) != -1) {
        switch (c) {
        case 'c':
            *command->config_path = optarg;
            break;
        case 's':
            *command->state_path = optarg;
            break;
        case OWN:
            code = command->take(command->user, optarg);
            break;
        case 'h':
            fold_print(stdout, command->help, FOLD_PARAGRAPHS);
            return 1;
        default:
            fold_print(stderr, command->help, FOLD_PARAGRAPHS);
            return SERVICE_USAGE + 1;
        }
    }
    if (code == 0 && optind < argc) {
        fprintf(stderr, "%s: unexpected \"%s\"\n", command->name, argv[optind]);
        fold_print(stderr, command->help, FOLD_PARAGRAPHS);
        return SERVICE_USAGE + 1;
    }
    return code;
}
