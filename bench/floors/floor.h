/*
 * What every floor says: it waits for a line on standard input, does one iteration of its work, and answers with
 * a line that holds the CPU time (user + system, microseconds) of that iteration. It ends when standard input does
 * and dies with its parent.
 */
#ifndef FLOOR_H
#define FLOOR_H

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static double floor_cpu_micros(void)
{
    struct timespec spent;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
    return spent.tv_sec * 1e6 + spent.tv_nsec / 1e3;
}

/* The body of main, once the floor has opened what it keeps open. */
static int floor_serve(void (*iterate)(void))
{
    char byte;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (read(STDIN_FILENO, &byte, 1) == 1) {
        double before = floor_cpu_micros();
        iterate();
        printf("%.1f\n", floor_cpu_micros() - before);
        fflush(stdout);
    }
    return 0;
}

#endif
