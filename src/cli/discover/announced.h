/* What announces itself in the network: nobody is contacted for it (edge/bus/mdns_browse.h). */
#ifndef DTU_CLI_DISCOVER_ANNOUNCED_H
#define DTU_CLI_DISCOVER_ANNOUNCED_H

/* Lists it on standard output. 0: there is some, else 1: the reason is on stderr. */
int announced_print(void);

#endif
