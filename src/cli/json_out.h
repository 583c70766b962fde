/* What the subcommands' --json has in common: what is not known is null. */
#ifndef DTU_CLI_JSON_OUT_H
#define DTU_CLI_JSON_OUT_H

#include <cjson/cJSON.h>

/* MISSING is null: JSON has no NaN. No device measures more than the third decimal. */
void json_out_number(cJSON *o, const char *key, double number);

/* "" is null. */
void json_out_text(cJSON *o, const char *key, const char *text);

#endif
