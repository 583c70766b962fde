/*
 * What the log says at WARNING and above: each kind of message has a level, and a stable id, such as DTU-102.
 * The table is core/notice.def; what it says for the owner is in docs/troubleshooting.md, not in the program.
 */
#ifndef DTU_CORE_NOTICE_H
#define DTU_CORE_NOTICE_H

#include "core/log_level.h"

enum notice {
    NOTICE_NONE, /* no id: good news, and what is said at INFO */
#define NOTICE(number, name, level, title, meaning, cure) NOTICE_##name,
#include "core/notice.def"
#undef NOTICE
    NOTICES
};

struct notice_info {
    unsigned number;      /* an id is never used again for something else; 0: none */
    enum log_level level; /* WARNING or above; INFO of NOTICE_NONE */
};

const struct notice_info *notice_info(enum notice notice);

#endif
