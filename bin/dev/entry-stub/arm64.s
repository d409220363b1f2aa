// Entry stub for 64-bit ARM Linux: x64.s has the description.
// On entry: sp = the stack block, x0 = what the loader wants called at exit (kept).
    .text
start:
    mov   x19, x0
    mov   x8, #48                       // faccessat(AT_FDCWD, path, F_OK)
    mov   x0, #-100
    adr   x1, proc_path
    mov   x2, #0
    svc   #0
    cmn   x0, #2                        // ENOENT
    adr   x1, no_proc
    mov   x2, #(no_proc_end - no_proc)
    b.eq  refuse
    adr   x20, needed_calls
next_call:                              // with arguments that do nothing: 0, EBADF or EINVAL
    ldrh  w8, [x20], #2
    cbz   w8, have_calls
    ldrsh x0, [x20], #2
    mov   x1, #2                        // EPOLL_CTL_DEL, F_SETFD, RLIMIT_DATA, no flag of eventfd2
    mov   x2, #0
    mov   x3, #0
    svc   #0
    cmn   x0, #1                        // EPERM
    b.eq  refused_call
    cmn   x0, #13                       // EACCES
    b.eq  refused_call
    cmn   x0, #38                       // ENOSYS
    b.ne  next_call
refused_call:
    adr   x1, no_call
    mov   x2, #(no_call_end - no_call)
    b     refuse
have_calls:
    mov   x0, x19
    mov   x8, sp
    ldr   x1, [x8]                      // argc
    add   x9, x8, x1, lsl #3
    add   x9, x9, #16                   // envp
    mov   x10, x9
find_auxv:
    ldr   x1, [x10], #8
    cbnz  x1, find_auxv                 // x10 = auxv
    mov   x11, x10
    mov   x12, #0                       // value of AT_SECURE
find_end:
    ldp   x1, x2, [x11], #16
    cmp   x1, #23                       // AT_SECURE
    csel  x12, x2, x12, eq
    cbnz  x1, find_end                  // x11 = end of auxv
    adr   x13, parameters
    adr   x14, start
    ldr   w1, [x13, #28]                // number of additions
    sub   x2, x11, x8
    add   x1, x2, x1, lsl #3
    sub   x1, x8, x1
    and   x1, x1, #-16
    mov   sp, x1                        // room for the whole block and the additions
    mov   x3, x8
copy_arguments:                         // argc, argv and its 0
    ldr   x2, [x3], #8
    str   x2, [x1], #8
    cmp   x3, x9
    b.lo  copy_arguments
    mov   x15, x1                       // the new envp
copy_environment:
    ldr   x4, [x9], #8
    cbz   x4, add_own
    ldr   w5, [x13, #16]                // rules of a privileged start
    cbnz  x12, have_rules
    ldr   w5, [x13, #20]                // rules of an ordinary start
have_rules:
    add   x5, x14, x5
    ldrb  w6, [x5], #1                  // what a match means: 1 keep, 0 remove
next_rule:
    ldrb  w7, [x5], #1
    cbz   w7, no_match
    mov   x16, #0
compare:
    ldrb  w17, [x4, x16]
    ldrb  w2, [x5, x16]
    cmp   w17, w2                       // a shorter variable differs at its NUL
    b.ne  skip_rule
    add   x16, x16, #1
    cmp   x16, x7
    b.lo  compare
    b     decide
skip_rule:
    add   x5, x5, x7
    b     next_rule
no_match:
    eor   w6, w6, #1
decide:
    cbz   w6, copy_environment
    str   x4, [x1], #8
    b     copy_environment
add_own:
    ldr   w5, [x13, #24]                // NUL-terminated texts, ended by an empty one
    add   x5, x14, x5
add_next:
    ldrb  w2, [x5]
    cbz   w2, added
    str   x5, [x1], #8
find_nul:
    ldrb  w2, [x5, #1]!
    cbnz  w2, find_nul
    add   x5, x5, #1
    b     add_next
added:
    str   xzr, [x1], #8
copy_auxv:
    ldr   x2, [x10], #8
    str   x2, [x1], #8
    cmp   x10, x11
    b.lo  copy_auxv
    ldr   x2, [x13, #8]                 // glibc has stored the old envp in `environ` by now
    str   x15, [x14, x2]
    ldr   x2, [x13]
    add   x2, x14, x2                   // the runtime's own entry
    br    x2
refuse:                                 // x1: the line, x2: its length
    mov   x8, #64                       // write
    mov   x0, #2
    svc   #0
    mov   x8, #94                       // exit_group
    mov   x0, #1
    svc   #0
proc_path:
    .asciz "/proc/self/maps"
no_proc:
    .ascii "/proc is not mounted: sstop, socktop and socktop-agent cannot run without it\n"
no_proc_end:
no_call:
    .ascii "a filter (seccomp) refuses epoll_create1, epoll_ctl, eventfd2, fcntl or prlimit64: sstop, socktop and socktop-agent cannot run without them\n"
no_call_end:
    .balign 2
needed_calls:                           // number and first argument, in the order of the line
    .short 20, -1, 21, -1, 19, -1, 25, -1, 261, 0, 0
    .balign 16
parameters:
