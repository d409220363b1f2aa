# Entry stub for x86-64 Linux. Runs before any code of the runtime, on the stack that execve(2) made
# (arch/x86 ABI: argc, argv..., 0, envp..., 0, auxv pairs..., AT_NULL pair), and rebuilds it below with a filtered
# environment. The parameters that follow the code are described in seal.ts. Before that it looks for what the runtime
# cannot do without, and would only say by a signal: it ends with one line and exit code 1 where that is missing.
# On entry: rsp = the stack block, rdx = what the loader wants called at exit (kept). All else is free.
    .intel_syntax noprefix
    .text
start:
    endbr64
    mov   r8, rdx
    mov   eax, 1
    xor   ecx, ecx
    cpuid
    and   ecx, 0x900000                 # SSE4.2 and POPCNT
    cmp   ecx, 0x900000
    lea   rsi, [rip + no_processor]
    mov   edx, offset no_processor_end - no_processor
    jne   refuse
    mov   eax, 21                       # access(path, F_OK)
    lea   rdi, [rip + proc_path]
    xor   esi, esi
    syscall
    cmp   rax, -2                       # ENOENT
    lea   rsi, [rip + no_proc]
    mov   edx, offset no_proc_end - no_proc
    je    refuse
    lea   rbx, [rip + needed_calls]
next_call:                              # with arguments that do nothing: 0, EBADF or EINVAL
    movzx eax, word ptr [rbx]
    test  eax, eax
    jz    have_calls
    movsx rdi, word ptr [rbx + 2]
    mov   esi, 2                        # EPOLL_CTL_DEL, F_SETFD, RLIMIT_DATA, no flag of eventfd2
    xor   edx, edx
    xor   r10d, r10d
    add   rbx, 4
    syscall
    cmp   eax, -1                       # EPERM
    je    refused_call
    cmp   eax, -13                      # EACCES
    je    refused_call
    cmp   eax, -38                      # ENOSYS
    jne   next_call
refused_call:
    lea   rsi, [rip + no_call]
    mov   edx, offset no_call_end - no_call
    jmp   refuse
have_calls:
    mov   rdx, r8
    mov   r8, rsp
    mov   rcx, [r8]                     # argc
    lea   r9, [r8 + rcx*8 + 16]         # envp
    mov   r10, r9
find_auxv:
    mov   rax, [r10]
    add   r10, 8
    test  rax, rax
    jnz   find_auxv                     # r10 = auxv
    mov   r11, r10
    xor   r12d, r12d                    # value of AT_SECURE
find_end:
    mov   rax, [r11]
    mov   r13, [r11 + 8]
    add   r11, 16
    cmp   rax, 23                       # AT_SECURE
    cmove r12, r13
    test  rax, rax
    jnz   find_end                      # r11 = end of auxv
    lea   rbx, [rip + parameters]
    mov   eax, [rbx + 28]               # number of additions
    shl   rax, 3
    mov   rcx, r11
    sub   rcx, r8
    add   rax, rcx
    mov   rsp, r8
    sub   rsp, rax
    and   rsp, -16                      # room for the whole block and the additions
    mov   rdi, rsp
    mov   rsi, r8
copy_arguments:                         # argc, argv and its 0
    mov   rax, [rsi]
    mov   [rdi], rax
    add   rsi, 8
    add   rdi, 8
    cmp   rsi, r9
    jb    copy_arguments
    mov   r15, rdi                      # the new envp
copy_environment:
    mov   r14, [r9]
    add   r9, 8
    test  r14, r14
    jz    add_own
    mov   eax, [rbx + 16]               # rules of a privileged start
    test  r12, r12
    jnz   have_rules
    mov   eax, [rbx + 20]               # rules of an ordinary start
have_rules:
    lea   rsi, [rip + start]
    add   rsi, rax
    movzx ebp, byte ptr [rsi]           # what a match means: 1 keep, 0 remove
    inc   rsi
next_rule:
    movzx ecx, byte ptr [rsi]
    inc   rsi
    test  ecx, ecx
    jz    no_match
    xor   eax, eax
compare:
    mov   r13b, [r14 + rax]
    cmp   r13b, [rsi + rax]             # a shorter variable differs at its NUL
    jne   skip_rule
    inc   eax
    cmp   eax, ecx
    jb    compare
    jmp   decide
skip_rule:
    add   rsi, rcx
    jmp   next_rule
no_match:
    xor   ebp, 1
decide:
    test  ebp, ebp
    jz    copy_environment
    mov   [rdi], r14
    add   rdi, 8
    jmp   copy_environment
add_own:
    mov   eax, [rbx + 24]               # NUL-terminated texts, ended by an empty one
    lea   rsi, [rip + start]
    add   rsi, rax
add_next:
    cmp   byte ptr [rsi], 0
    je    added
    mov   [rdi], rsi
    add   rdi, 8
find_nul:
    inc   rsi
    cmp   byte ptr [rsi], 0
    jne   find_nul
    inc   rsi
    jmp   add_next
added:
    mov   qword ptr [rdi], 0
    add   rdi, 8
copy_auxv:
    mov   rax, [r10]
    mov   [rdi], rax
    add   r10, 8
    add   rdi, 8
    cmp   r10, r11
    jb    copy_auxv
    lea   rsi, [rip + start]
    mov   rax, [rbx + 8]                # glibc has stored the old envp in `environ` by now
    mov   [rsi + rax], r15
    add   rsi, [rbx]                    # the runtime's own entry
    xor   ebp, ebp
    jmp   rsi
refuse:                                 # rsi: the line, edx: its length
    mov   edi, 2
    mov   eax, 1                        # write
    syscall
    mov   edi, 1
    mov   eax, 231                      # exit_group
    syscall
proc_path:
    .asciz "/proc/self/maps"
no_proc:
    .ascii "/proc is not mounted: sstop, socktop and socktop-agent cannot run without it\n"
no_proc_end:
no_processor:
    .ascii "this processor lacks SSE4.2 or POPCNT: sstop, socktop and socktop-agent cannot run without them\n"
no_processor_end:
no_call:
    .ascii "a filter (seccomp) refuses epoll_create1, epoll_ctl, eventfd2, fcntl or prlimit64: sstop, socktop and socktop-agent cannot run without them\n"
no_call_end:
    .balign 2
needed_calls:                           # number and first argument, in the order of the line
    .short 291, -1, 233, -1, 290, -1, 72, -1, 302, 0, 0
    .balign 16
parameters:
