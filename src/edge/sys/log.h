/*
 * The log: lines on stderr, for multilog, in the levels and names of Python's logging, which readers of
 * today's log know: "INFO message", and from WARNING on "WARNING DTU-102 message", with the id by which
 * docs/troubleshooting.md explains it. A secret never goes in here.
 */
#ifndef DTU_EDGE_LOG_H
#define DTU_EDGE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "core/budget.h"
#include "core/notice.h"

void log_set_level(enum log_level level);
bool log_enabled(enum log_level level);

/*
 * The log lies on flash. Whatever happens, and whoever provokes it, a day brings at most 500 lines of WARNING
 * and above from one place of the program, which is its format (a literal), and 2,100 from all of them; of INFO
 * and DEBUG, where these are enabled, 22,000 and 65,000. What is left out is counted in the next line like it.
 */

/*
 * One line, cleaned (core/text.h) and cut at 1 KiB. Written with one write(2); a full or closed stderr
 * never blocks or ends the program. A notice has its level, and its id goes before the message.
 */
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_notice(enum notice notice, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * What a line of this notice said is over. Good news is INFO; it is written wherever that line was, so that the
 * fault is not the log's last word.
 */
void log_good_news(enum notice over, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * A fault that lasts is logged once, then every 15 minutes with a count, then once when it ends: a
 * dead gateway writes < 200 lines a day. One that comes and goes is told five times at once, and then once an hour
 * with a count, and when it lasts for 15 minutes: a flickering one writes < 300. One struct per thing that can fail;
 * zero it to begin.
 */
struct log_fault {
    int64_t since_ms, logged_ms;
    enum notice notice; /* of the last line */
    unsigned total;     /* failures since the fault began; 0: no fault */
    bool told;          /* that it began */
    struct budget episodes;
    unsigned untold; /* episodes, the first of them: */
    int64_t untold_ms;
    char text[160]; /* what was logged: another text is another fault, and logged at once, but at
                          most one line a minute */
};

void log_fault(struct log_fault *f, int64_t now_ms, enum notice notice, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/*
 * It works: called each time, also without a fault before. If there was one, format (the recovery's text) is logged as
 * good news, with duration and count.
 */
void log_recovered(struct log_fault *f, int64_t now_ms, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
