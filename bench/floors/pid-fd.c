/* Reads the link of every descriptor of every process: the least a program does that knows no better. */
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <string.h>
#include "floor.h"

static int proc;
static char processes[65536];
static char descriptors[65536];
static char target[256];
static unsigned long sockets;

static void read_links(int directory)
{
    for (;;) {
        ssize_t length = getdents64(directory, descriptors, sizeof descriptors);
        if (length <= 0)
            return;
        for (ssize_t at = 0; at < length;) {
            struct dirent64 *entry = (struct dirent64 *)(descriptors + at);
            if (entry->d_name[0] != '.') {
                ssize_t size = readlinkat(directory, entry->d_name, target, sizeof target);
                sockets += size > 8 && memcmp(target, "socket:[", 8) == 0;
            }
            at += entry->d_reclen;
        }
    }
}

static void read_process(const char *pid)
{
    char path[64];
    size_t length = strlen(pid);
    if (length > 20)
        return;
    memcpy(path, pid, length);
    memcpy(path + length, "/fd", sizeof "/fd");
    int directory = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return; /* gone since the listing */
    read_links(directory);
    close(directory);
}

static void read_all(void)
{
    lseek(proc, 0, SEEK_SET);
    for (;;) {
        ssize_t length = getdents64(proc, processes, sizeof processes);
        if (length <= 0)
            return;
        for (ssize_t at = 0; at < length;) {
            struct dirent64 *entry = (struct dirent64 *)(processes + at);
            if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
                read_process(entry->d_name);
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
