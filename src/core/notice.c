#include "core/notice.h"

static const struct notice_info notices[NOTICES] = {
    [NOTICE_NONE] = {0, LOG_INFO},
#define NOTICE(number, name, level, title, meaning, cure) [NOTICE_##name] = {number, LOG_##level},
#include "core/notice.def"
#undef NOTICE
};

const struct notice_info *notice_info(enum notice notice)
{
    return &notices[notice];
}
