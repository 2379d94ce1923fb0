#include "views/base/log.h"

#include "views/base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { LOG_MESSAGE_SIZE = 1024 };

static enum log_level log_most = LEVEL_INFO;
static bool log_json;

static const char *const level_names[] = {
    [LEVEL_ERROR] = "error", [LEVEL_WARN] = "warn", [LEVEL_INFO] = "info", [LEVEL_DEBUG] = "debug"};

void log_setup(enum log_level most, bool json) {
    log_most = most;
    log_json = json;
}

void log_line(enum log_level level, const char *format, ...) {
    if (level > log_most)
        return;
    char message[LOG_MESSAGE_SIZE];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    for (char *c = message; *c != '\0'; c++)
        if ((unsigned char)*c < ' ')
            *c = ' ';
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    struct tm utc;
    (void)gmtime_r(&now.tv_sec, &utc);
    char at[40];
    size_t n = strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%S", &utc);
    (void)snprintf(at + n, sizeof at - n, ".%03ldZ", now.tv_nsec / 1000000);
    struct buffer line = {0};
    if (log_json) {
        buffer_format(&line, "{\"at\":\"%s\",\"level\":\"%s\",\"message\":", at, level_names[level]);
        buffer_json_string(&line, span_of(message));
        buffer_text(&line, "}\n");
    } else {
        buffer_format(&line, "%s %-5s %s\n", at, level_names[level], message);
    }
    // One write a line, so that lines of several threads do not mix. A log that cannot be written is not an
    // error.
    if (!line.failed)
        (void)!write(STDERR_FILENO, line.data, line.size);
    buffer_free(&line);
}
