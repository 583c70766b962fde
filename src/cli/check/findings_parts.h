/*
 * The rooms of findings.h, for findings*.c only:
 *
 *   findings           gateways, devices, power limits, what others have
 *   findings_template  the paths of a template, in the reply of its device
 */
#ifndef DTU_CLI_FINDINGS_PARTS_H
#define DTU_CLI_FINDINGS_PARTS_H

#include "cli/check/findings.h"

/* One more finding; device is -1 for one of the gateway itself. */
void findings_say(struct findings *f, enum finding_kind kind, size_t gateway, int device,
                  const char *format, ...) __attribute__((format(printf, 5, 6)));

/*
 * The unit in which a counter is, and what of config.ini converts it: without that, what is published would be a thousand
 * times too much, or more. NULL: none is known.
 */
const char *findings_forgotten_unit(const struct template_value *total);

/* Of gateway g, a template that was asked. */
void findings_template(struct findings *f, size_t g, const struct asked *a);

#endif
