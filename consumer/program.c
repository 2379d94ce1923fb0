#include "consumer/program.h"

#include <errno.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Fetches are megabytes that come and go many times a second. By default glibc gives such memory back to the
// system each time and faults it in again: a third of librdkafka's CPU where messages carry schemas. The
// bounds of the queues are the bounds of what is kept so.
static void program_keep_memory(void) {
#ifdef __GLIBC__
    enum { MAPPED_FROM = 32 << 20, TRIMMED_FROM = 128 << 20, ASKED_FOR_MORE = 1 << 20 };
    (void)mallopt(M_MMAP_THRESHOLD, MAPPED_FROM);
    (void)mallopt(M_TRIM_THRESHOLD, TRIMMED_FROM);
    (void)mallopt(M_TOP_PAD, ASKED_FOR_MORE);
#endif
}

// A page of a mapped file that is not there any more: a capture that is written anew, or what SQLite maps. Anything else is a
// fault of the program's own, and comes again without this.
static void program_tell_cut_file(int number, siginfo_t *info, void *context) {
    static const char told[] =
        "tidemark: a file was cut off, or could not be read, while it was in use: a capture that is being written anew, or the "
        "disk; what was committed stands, start again with the file whole\n";
    (void)number;
    (void)context;
    if (info->si_code != BUS_ADRERR)
        return;
    if (write(STDERR_FILENO, told, sizeof told - 1) >= 0) // there is no other way to tell
        _exit(EXIT_FAILURE);
}

void program_begin(void) {
    const struct sigaction cut = {.sa_sigaction = program_tell_cut_file,
                                  .sa_flags = (int)(SA_SIGINFO | SA_RESETHAND)};
    program_keep_memory();
    (void)sigaction(SIGBUS, &cut, NULL);
    // A file that may grow no more (ulimit -f) is then an error like a full disk, and told.
    (void)signal(SIGXFSZ, SIG_IGN);
}

bool program_has_printed(void) {
    bool failed_before = ferror(stdout) != 0; // and errno has been another's since
    if (fflush(stdout) == 0 && !failed_before)
        return true;
    (void)fprintf(stderr, "tidemark: standard output%s%s: not all of the output was written\n",
                  failed_before ? "" : ": ", failed_before ? "" : strerror(errno));
    return false;
}
