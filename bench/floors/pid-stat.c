/* Opens, reads and closes /proc/PID/stat of every process: the least a monitor does that reads them all. */
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <string.h>
#include "floor.h"

static int proc;
static char listing[65536];
static char record[4096];

static void read_stat(const char *pid)
{
    char path[64];
    size_t length = strlen(pid);
    if (length > 20)
        return;
    memcpy(path, pid, length);
    memcpy(path + length, "/stat", sizeof "/stat");
    int file = openat(proc, path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return; /* gone since the listing */
    if (read(file, record, sizeof record) < 0)
        record[0] = 0;
    close(file);
}

static void read_all(void)
{
    lseek(proc, 0, SEEK_SET);
    for (;;) {
        ssize_t length = getdents64(proc, listing, sizeof listing);
        if (length <= 0)
            return;
        for (ssize_t at = 0; at < length;) {
            struct dirent64 *entry = (struct dirent64 *)(listing + at);
            if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
                read_stat(entry->d_name);
            at += entry->d_reclen;
        }
    }
}

int main(void)
{
    proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (proc < 0)
        err(1, "/proc");
    return floor_serve(read_all);
}
