/*
 * idle-processes COUNT: COUNT processes that sleep. They are children of this one, which waits with them.
 * ready COUNT
 */
#include "load.h"

#define COUNT_LIMIT 10000

int main(int argc, char **argv)
{
    load_die_with_parent();
    long count = load_number(argc, argv, 1, "COUNT", 0, COUNT_LIMIT);
    for (long i = 0; i < count; i++) {
        pid_t child = fork();
        if (child < 0)
            err(1, "fork %ld of %ld", i, count);
        if (child == 0) {
            load_die_with_parent();
            for (;;)
                pause();
        }
    }
    printf("ready %ld\n", count);
    fflush(stdout);
    for (;;)
        pause();
}
