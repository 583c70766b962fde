/* What the services of this program have on the D-Bus, as text. */
#ifndef DTU_CLI_SUPPORT_BUS_H
#define DTU_CLI_SUPPORT_BUS_H

#include <stdio.h>

/* Every item of every service called ...http_N; or why there is none. Takes at most some seconds. */
void support_bus(FILE *out);

#endif
