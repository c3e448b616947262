// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors
//
// The first process inside a sandbox, as a program of its own without any library.
//
// Its code is one section of this binary. kafclaw_init_image() puts an ELF header before it, so
// that it can be shown to a sandbox as a file. It therefore uses system calls and its stack only:
// no globals, no literals, no jump tables.
#define _GNU_SOURCE
#include "CSandbox.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#define INSIDE                                                                        \
  __attribute__((section("kafclaw_init"), used, noinline, no_sanitize("all"),         \
                 no_profile_instrument_function, no_stack_protector, no_builtin))

#if defined(__x86_64__)
#define MACHINE EM_X86_64
__asm__(".pushsection kafclaw_init,\"ax\",@progbits\n"
        ".globl kafclaw_init_start\n.hidden kafclaw_init_start\n"
        "kafclaw_init_start:\n"
        "  xor %ebp, %ebp\n  mov %rsp, %rdi\n  and $-16, %rsp\n"
        "  call kafclaw_init_main\n  hlt\n"
        ".popsection\n");

INSIDE static long call(long number, long a, long b, long c, long d, long e) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                   : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
__asm__(".pushsection kafclaw_init,\"ax\",@progbits\n"
        ".globl kafclaw_init_start\n.hidden kafclaw_init_start\n"
        "kafclaw_init_start:\n"
        "  mov x29, #0\n  mov x0, sp\n  bl kafclaw_init_main\n  brk #0\n"
        ".popsection\n");

INSIDE static long call(long number, long a, long b, long c, long d, long e) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  __asm__ volatile("svc #0"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4)
                   : "memory");
  return x0;
}
#else
#error "the sandbox knows x86_64 and aarch64"
#endif

enum { STATUS = 3 };

INSIDE static void report(long tag, long value) {
  int record[2];
  record[0] = (int)tag;
  record[1] = (int)value;
  call(SYS_write, STATUS, (long)record, sizeof record, 0, 0);
}

INSIDE static void leave(long code) {
  for (;;) call(SYS_exit_group, code, 0, 0, 0, 0);
}

INSIDE static void fail(long tag, long error) {
  report(tag, -error);
  leave(127);
}

INSIDE static long number(const char *text) {
  long value = 0;
  for (; *text >= '0' && *text <= '9'; text++) value = value * 10 + (*text - '0');
  return value;
}

/// A descriptor number as it is; a path opened.
INSIDE static long descriptor(const char *text, long flags) {
  if (*text != '/') return number(text);
  return call(SYS_openat, AT_FDCWD, (long)text, flags | O_CLOEXEC, 0, 0);
}

INSIDE static void load_filter(long file) {
  struct sock_filter code[1024];
  long size = call(SYS_read, file, (long)code, sizeof code, 0, 0);
  struct sock_fprog program;
  program.len = (unsigned short)(size / (long)sizeof code[0]);
  program.filter = code;
  if (size <= 0) fail(KAFCLAW_INIT_FILTER, size < 0 ? size : -ENOEXEC);
  long error = call(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, (long)&program, 0, 0);
  if (error) fail(KAFCLAW_INIT_FILTER, error);
}

INSIDE static void run(
    char **limits, long count, const char *folder, char **environment, char **command) {
  unsigned long none = 0;
  call(SYS_setsid, 0, 0, 0, 0, 0);
  call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&none, 0, 8, 0);
  long error = call(SYS_chdir, (long)folder, 0, 0, 0, 0);
  if (error) fail(KAFCLAW_INIT_FOLDER, error);
  for (long at = 0; at < count; at++) {
    struct rlimit limit;
    limit.rlim_cur = limit.rlim_max = (rlim_t)number(limits[2 * at + 1]);
    error = call(SYS_prlimit64, 0, number(limits[2 * at]), (long)&limit, 0, 0);
    if (error) fail(KAFCLAW_INIT_LIMIT, error);
  }
  error = call(SYS_execve, (long)command[0], (long)command, (long)environment, 0, 0);
  fail(KAFCLAW_INIT_EXECUTE, error);
}

/// Reaps until `pid` ends or the time is up. Its end ends the sandbox: this is process 1.
INSIDE static void wait_for(long pid, long milliseconds) {
  unsigned long child_signal = 1ul << (SIGCHLD - 1);
  struct timespec now, end, left;
  call(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&end, 0, 0, 0);
  end.tv_sec += milliseconds / 1000 + 1;
  for (;;) {
    int status = 0;
    long ended = call(SYS_wait4, -1, (long)&status, WNOHANG, 0, 0);
    if (ended == pid) {
      report(KAFCLAW_INIT_ENDED, status);
      leave((status & 0x7f) ? 128 + (status & 0x7f) : (status >> 8) & 0xff);
    }
    if (ended > 0) continue;
    call(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&now, 0, 0, 0);
    left.tv_sec = end.tv_sec - now.tv_sec;
    left.tv_nsec = 0;
    if (left.tv_sec <= 0) {
      report(KAFCLAW_INIT_TIMEOUT, 0);
      leave(124);
    }
    call(SYS_rt_sigtimedwait, (long)&child_signal, 0, (long)&left, 8, 0);
  }
}

/// Arguments: STATUS FILTER MILLISECONDS LIMITS (RESOURCE VALUE)* FOLDER VARIABLES NAME=VALUE* --
/// COMMAND ARGUMENT*; STATUS and FILTER are a descriptor number or a path, LIMITS and VARIABLES
/// counts. Written by SandboxInit only.
__attribute__((visibility("hidden")))
INSIDE void kafclaw_init_main(long *stack) {
  char **argv = (char **)(stack + 1);
  long status = descriptor(argv[1], O_WRONLY);
  long filter = descriptor(argv[2], O_RDONLY);
  if (status < 0 || filter < 0) leave(127);
  if (status == STATUS) {
    call(SYS_fcntl, STATUS, F_SETFD, FD_CLOEXEC, 0, 0);
  } else {
    if (filter == STATUS) filter = call(SYS_fcntl, filter, F_DUPFD, 10, 0, 0);
    if (call(SYS_dup3, status, STATUS, O_CLOEXEC, 0, 0) < 0) leave(127);
  }
  long milliseconds = number(argv[3]);
  long limit_count = number(argv[4]);
  char **limits = argv + 5;
  char **rest = limits + 2 * limit_count;
  char **environment = rest + 2;
  char **separator = environment + number(rest[1]);
  *separator = 0;

  // The command must not reach this process, nor its descriptors, through /proc.
  long error = call(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
  if (!error) error = call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (error) fail(KAFCLAW_INIT_FILTER, error);
  load_filter(filter);
  error = call(SYS_close_range, STATUS + 1, ~0u, 0, 0, 0);
  if (error) fail(KAFCLAW_INIT_START, error);

  unsigned long child_signal = 1ul << (SIGCHLD - 1);
  call(SYS_rt_sigprocmask, SIG_BLOCK, (long)&child_signal, 0, 8, 0);
  long pid = call(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  if (pid < 0) fail(KAFCLAW_INIT_START, pid);
  if (pid == 0) run(limits, limit_count, rest[0], environment, separator + 1);
  call(SYS_close, 0, 0, 0, 0, 0);
  call(SYS_close, 1, 0, 0, 0, 0);
  call(SYS_close, 2, 0, 0, 0, 0);
  wait_for(pid, milliseconds);
}

extern const char kafclaw_init_start[] __attribute__((visibility("hidden")));
extern const char __start_kafclaw_init[] __attribute__((visibility("hidden")));
extern const char __stop_kafclaw_init[] __attribute__((visibility("hidden")));

long kafclaw_init_image(unsigned char *buffer, long capacity) {
  const unsigned long base = 0x400000, page = 0x1000;
  long code = __stop_kafclaw_init - __start_kafclaw_init;
  long size = (long)page + code;
  if (size > capacity) return -1;
  memset(buffer, 0, (unsigned long)size);

  Elf64_Ehdr header = {
      .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
      .e_type = ET_EXEC,
      .e_machine = MACHINE,
      .e_version = EV_CURRENT,
      .e_entry = base + page + (unsigned long)(kafclaw_init_start - __start_kafclaw_init),
      .e_phoff = sizeof header,
      .e_ehsize = sizeof header,
      .e_phentsize = sizeof(Elf64_Phdr),
      .e_phnum = 2,
  };
  Elf64_Phdr segments[2] = {
      {
          .p_type = PT_LOAD,
          .p_flags = PF_R | PF_X,
          .p_vaddr = base,
          .p_paddr = base,
          .p_filesz = (unsigned long)size,
          .p_memsz = (unsigned long)size,
          .p_align = 0x10000,
      },
      {.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W, .p_align = 16},
  };
  memcpy(buffer, &header, sizeof header);
  memcpy(buffer + sizeof header, segments, sizeof segments);
  memcpy(buffer + page, __start_kafclaw_init, (unsigned long)code);
  return size;
}
