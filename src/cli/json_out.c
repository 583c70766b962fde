#include "cli/json_out.h"

#include <math.h>

#include "core/reading.h"

void json_out_number(cJSON *o, const char *key, double number)
{
    if (has_value(number))
        cJSON_AddNumberToObject(o, key, fabs(number) < 1e12 ? round(number * 1000) / 1000 : number);
    else
        cJSON_AddNullToObject(o, key);
}

void json_out_text(cJSON *o, const char *key, const char *text)
{
    if (*text)
        cJSON_AddStringToObject(o, key, text);
    else
        cJSON_AddNullToObject(o, key);
}
