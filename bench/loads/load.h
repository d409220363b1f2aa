/*
 * What every load keeps to: it dies with its parent, ends by itself after LOAD_SECONDS_LIMIT, refuses counts beyond
 * its bound, and says one line `ready ...` once what it makes is there.
 */
#ifndef LOAD_H
#define LOAD_H

#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define LOAD_SECONDS_LIMIT 900

/* To be called first of all, and again in every child: the setting is not inherited. */
static void load_die_with_parent(void)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        err(1, "prctl");
    alarm(LOAD_SECONDS_LIMIT);
}

static long load_number(int argc, char **argv, int position, const char *name, long least, long most)
{
    if (position >= argc)
        errx(2, "%s is missing", name);
    char *end;
    errno = 0;
    long value = strtol(argv[position], &end, 10);
    if (errno != 0 || *end != 0 || value < least || value > most)
        errx(2, "%s must be %ld to %ld, not %s", name, least, most, argv[position]);
    return value;
}

/* As many descriptors as the hard limit allows. */
static inline void load_raise_descriptors(rlim_t wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        err(1, "getrlimit");
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        err(1, "setrlimit");
}

#endif
