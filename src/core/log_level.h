/* How serious a line of the log is: the levels and numbers of Python's logging, so that NOTSET sorts below DEBUG. */
#ifndef DTU_CORE_LOG_LEVEL_H
#define DTU_CORE_LOG_LEVEL_H

enum log_level {
    LOG_NOTSET = 0,
    LOG_DEBUG = 10,
    LOG_INFO = 20,
    LOG_WARNING = 30,
    LOG_ERROR = 40,
    LOG_CRITICAL = 50,
};

#endif
