#include "consumer/views_watch.h"

#include "views/base/cleanup.h"
#include "views/base/clock.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

enum { VIEWS_WATCH_EVENTS_SIZE = 4096 };

struct views_watch {
    int fd;
    char *folder;
    int number;       // the folder's, of inotify
    bool lost;        // it was removed, and is looked for
    int64_t first_ms; // of what changed and was not told yet, monotonic; 0 = nothing
    int64_t newest_ms;
};

static int views_watch_add(const struct views_watch *watch, const char *path) {
    return inotify_add_watch(
        watch->fd, path, IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR);
}

static void views_watch_close_folder(DIR **folder) {
    if (*folder != NULL)
        (void)closedir(*folder);
}

// Those that are watched already stay so. What is no folder is not watched.
static void views_watch_add_folders(const struct views_watch *watch) {
    CLEANUP(views_watch_close_folder) DIR *folder = opendir(watch->folder);
    const struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        char path[PATH_MAX];
        if (entry->d_name[0] != '.' &&
            snprintf(path, sizeof path, "%s/%s", watch->folder, entry->d_name) < (int)sizeof path)
            (void)views_watch_add(watch, path);
    }
}

static bool views_watch_find(struct views_watch *watch) {
    watch->number = views_watch_add(watch, watch->folder);
    watch->lost = watch->number < 0;
    if (!watch->lost)
        views_watch_add_folders(watch);
    return !watch->lost;
}

int views_watch_new(struct views_watch **ret, const char *folder, struct error *error) {
    CLEANUP(views_watch_free) struct views_watch *watch = calloc(1, sizeof *watch);
    if (watch != NULL) {
        watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        watch->folder = strdup(folder);
    }
    if (watch == NULL || watch->folder == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (watch->fd < 0 || !views_watch_find(watch))
        return error_set(error, ERROR_SYSTEM, "--watch: %s: %s", folder,
                         errno == ENOSPC ? "the system watches as many files as it may "
                                           "(fs.inotify.max_user_watches)"
                                         : strerror(errno));
    *ret = watch;
    watch = NULL;
    return 0;
}

void views_watch_free(struct views_watch **watch) {
    struct views_watch *w = *watch;
    if (w == NULL)
        return;
    if (w->fd >= 0)
        (void)close(w->fd);
    free(w->folder);
    free(w);
    *watch = NULL;
}

static void views_watch_note(struct views_watch *watch, int64_t now) {
    watch->first_ms = watch->first_ms == 0 ? now : watch->first_ms;
    watch->newest_ms = now;
}

// What is there of inotify's events. Which files they are of does not matter: all are read again.
static void views_watch_read(struct views_watch *watch, int64_t now) {
    _Alignas(struct inotify_event) char events[VIEWS_WATCH_EVENTS_SIZE];
    ssize_t size;
    while ((size = read(watch->fd, events, sizeof events)) > 0) {
        views_watch_note(watch, now);
        for (const char *at = events; at < events + size;) {
            const struct inotify_event *event = (const struct inotify_event *)(const void *)at;
            watch->lost |= (event->mask & IN_IGNORED) != 0 && event->wd == watch->number;
            at += sizeof *event + event->len;
        }
    }
}

bool views_watch_is_due(struct views_watch *watch) {
    int64_t now = clock_monotonic_ms();
    views_watch_read(watch, now);
    if (watch->lost && views_watch_find(watch))
        views_watch_note(watch, now);
    if (watch->first_ms == 0 ||
        (now - watch->newest_ms < VIEWS_WATCH_QUIET_MS && now - watch->first_ms < VIEWS_WATCH_LONGEST_MS))
        return false;
    watch->first_ms = 0;
    if (!watch->lost)
        views_watch_add_folders(watch);
    return true;
}
