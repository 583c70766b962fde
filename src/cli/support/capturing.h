/*
 * `support --capture`: asks the gateways of the configuration as the service does it, listens to what they push,
 * and keeps all of it in one file (core/capture.h), with stand-ins for what is somebody's own (scrub_replace()).
 * No commands are sent.
 */
#ifndef DTU_CLI_CAPTURING_H
#define DTU_CLI_CAPTURING_H

#include <stdbool.h>
#include <stdint.h>

extern const char capturing_default_output[];

/* "5s", "10m", "2h" in milliseconds; false when it is none, or not from a second to 24 hours. */
bool capturing_duration(const char *text, int64_t *ms);

/*
 * Writes output, readable by its owner only, for that long, until SIGINT or SIGTERM, or until it is as large as may
 * be; and says where it is. False, with the reason on stderr, when it could not be written.
 */
bool capturing_run(const char *config_path, const char *output, int64_t duration_ms);

#endif
