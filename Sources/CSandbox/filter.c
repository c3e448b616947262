// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors
//
// A seccomp filter that refuses what a confined process has no business with: seccomp(2),
// Documentation/userspace-api/seccomp_filter.rst. What is left is still held by namespaces,
// capabilities and Landlock; the filter keeps code of the kernel out of reach.
#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// Numbers since Linux 5.0 are the same on every architecture; older headers lack the newest.
enum {
  PIDFD_GETFD = 438,
  PROCESS_MADVISE = 440,
  MOUNT_SETATTR = 442,
  QUOTACTL_FD = 443,
  MEMFD_SECRET = 447,
  SET_MEMPOLICY_HOME_NODE = 450,
  CACHESTAT = 451,
  FCHMODAT2 = 452,
  STATMOUNT = 457,
  LISTMOUNT = 458,
  OPEN_TREE_ATTR = 467,
};

static const int refused[] = {
    // Mounts and roots.
    SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_move_mount, SYS_open_tree, SYS_fsopen,
    SYS_fsconfig, SYS_fsmount, SYS_fspick, MOUNT_SETATTR, OPEN_TREE_ATTR, STATMOUNT, LISTMOUNT,
    // Namespaces.
    SYS_unshare, SYS_setns,
    // Other processes.
    SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_kcmp, PIDFD_GETFD,
    PROCESS_MADVISE, SYS_move_pages, SYS_migrate_pages,
    // Keys belong to a user, not to a namespace that bubblewrap or an engine makes.
    SYS_keyctl, SYS_add_key, SYS_request_key,
    // Interfaces with a history of privilege escalation.
    SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_io_uring_setup, SYS_io_uring_enter,
    SYS_io_uring_register, SYS_fanotify_init, MEMFD_SECRET, SYS_vmsplice, SYS_lookup_dcookie,
    SYS_mbind, SYS_set_mempolicy, SET_MEMPOLICY_HOME_NODE, CACHESTAT,
    // Files by handle, not by path.
    SYS_open_by_handle_at, SYS_name_to_handle_at,
    // The machine.
    SYS_kexec_load, SYS_kexec_file_load, SYS_init_module, SYS_finit_module, SYS_delete_module,
    SYS_reboot, SYS_swapon, SYS_swapoff, SYS_acct, SYS_quotactl, QUOTACTL_FD, SYS_syslog,
    SYS_sethostname, SYS_setdomainname, SYS_settimeofday, SYS_clock_settime, SYS_clock_adjtime,
    SYS_adjtimex, SYS_vhangup, SYS_nfsservctl,
#if defined(__x86_64__)
    SYS_iopl, SYS_ioperm, SYS_modify_ldt, SYS_uselib, SYS_ustat, SYS_sysfs, SYS__sysctl,
    SYS_create_module, SYS_get_kernel_syms, SYS_query_module,
#endif
};

#if defined(__x86_64__)
enum { ARCHITECTURE = AUDIT_ARCH_X86_64, SECOND_NUMBERING = 0x40000000 };
#else
enum { ARCHITECTURE = AUDIT_ARCH_AARCH64 };
#endif

// Both architectures are little endian: the low half of an argument comes first.
#define LOW(index) (offsetof(struct seccomp_data, args) + 8 * (index))

struct program {
  struct sock_filter *code;
  long count, capacity;
};

static void emit(struct program *to, int code, int if_true, int if_false, unsigned value) {
  if (to->count < to->capacity) {
    to->code[to->count] = (struct sock_filter){
        (unsigned short)code, (unsigned char)if_true, (unsigned char)if_false, value};
  }
  to->count++;
}

static void load(struct program *to, unsigned long offset) {
  emit(to, BPF_LD | BPF_W | BPF_ABS, 0, 0, (unsigned)offset);
}

static void answer(struct program *to, unsigned action) {
  emit(to, BPF_RET | BPF_K, 0, 0, action);
}

static unsigned error(int number) { return SECCOMP_RET_ERRNO | (unsigned)number; }

static void refuse(struct program *to, int call, int number) {
  emit(to, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, (unsigned)call);
  answer(to, error(number));
}

/// Refuses `call` when one of `bits` is set in an argument.
static void refuse_bits(struct program *to, int call, int argument, unsigned bits) {
  emit(to, BPF_JMP | BPF_JEQ | BPF_K, 0, 4, (unsigned)call);
  load(to, LOW(argument));
  emit(to, BPF_JMP | BPF_JSET | BPF_K, 0, 1, bits);
  answer(to, error(EPERM));
  load(to, offsetof(struct seccomp_data, nr));
}

/// Refuses `call` when `mask` of an argument is one of `values`.
static void refuse_values(
    struct program *to, int call, int argument, unsigned mask, const unsigned *values, int count) {
  emit(to, BPF_JMP | BPF_JEQ | BPF_K, 0, 3 + 2 * count, (unsigned)call);
  load(to, LOW(argument));
  emit(to, BPF_ALU | BPF_AND | BPF_K, 0, 0, mask);
  for (int at = 0; at < count; at++) {
    emit(to, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, values[at]);
    answer(to, error(EPERM));
  }
  load(to, offsetof(struct seccomp_data, nr));
}

/// Refuses `call` unless its first argument is one of `values`.
static void refuse_others(
    struct program *to, int call, int number, const unsigned *values, int count) {
  emit(to, BPF_JMP | BPF_JEQ | BPF_K, 0, 3 + count, (unsigned)call);
  load(to, LOW(0));
  for (int at = 0; at < count; at++) {
    emit(to, BPF_JMP | BPF_JEQ | BPF_K, count - at, 0, values[at]);
  }
  answer(to, error(number));
  load(to, offsetof(struct seccomp_data, nr));
}

static void check_architecture(struct program *to) {
  load(to, offsetof(struct seccomp_data, arch));
  emit(to, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, ARCHITECTURE);
  answer(to, SECCOMP_RET_KILL_PROCESS);
  load(to, offsetof(struct seccomp_data, nr));
#if defined(__x86_64__)
  emit(to, BPF_JMP | BPF_JGE | BPF_K, 0, 1, SECOND_NUMBERING);
  answer(to, SECCOMP_RET_KILL_PROCESS);
#endif
}

static void refuse_devices(struct program *to) {
  const unsigned kinds[] = {S_IFCHR, S_IFBLK};
  refuse_values(to, SYS_mknodat, 2, S_IFMT, kinds, 2);
#if defined(__x86_64__)
  refuse_values(to, SYS_mknod, 1, S_IFMT, kinds, 2);
#endif
}

static void refuse_terminals(struct program *to) {
  // TIOCSTI, TIOCLINUX and TIOCSETD: the kernel takes the low half only (CVE-2019-10063).
  const unsigned requests[] = {0x5412, 0x541c, 0x5423};
  refuse_values(to, SYS_ioctl, 1, ~0u, requests, 3);
}

static void refuse_sockets(struct program *to, int flags) {
  const unsigned families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
  int count = flags & KAFCLAW_FILTER_NETWORK ? 4 : 1;
  int without = flags & KAFCLAW_FILTER_NO_UNIX ? 1 : 0;
  refuse_others(to, SYS_socket, EAFNOSUPPORT, families + without, count - without);
  refuse_others(to, SYS_socketpair, EAFNOSUPPORT, families + without, 1 - without);
}

static void refuse_personalities(struct program *to) {
  // The default, a question, and fixed addresses, which debuggers and builds ask for.
  const unsigned allowed[] = {0, 0xffffffff, 0x0040000};
  refuse_others(to, SYS_personality, EPERM, allowed, 3);
}

long kafclaw_filter(int flags, unsigned char *buffer, long capacity) {
  struct program program = {
      (struct sock_filter *)(void *)buffer, 0, capacity / (long)sizeof(struct sock_filter)};
  check_architecture(&program);
  for (unsigned long at = 0; at < sizeof refused / sizeof refused[0]; at++) {
    refuse(&program, refused[at], EPERM);
  }
  // CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. The flags of clone3 are
  // behind a pointer, and ENOSYS makes libraries use clone.
  refuse_bits(&program, SYS_clone, 0, 0x7e020000);
  refuse(&program, SYS_clone3, ENOSYS);
  refuse_devices(&program);
  // S_ISUID and S_ISGID: such a file would belong to the service outside the sandbox.
#if defined(__x86_64__)
  refuse_bits(&program, SYS_chmod, 1, 06000);
#endif
  refuse_bits(&program, SYS_fchmod, 1, 06000);
  refuse_bits(&program, SYS_fchmodat, 2, 06000);
  refuse_bits(&program, FCHMODAT2, 2, 06000);
  refuse_terminals(&program);
  refuse_sockets(&program, flags);
  refuse_personalities(&program);
  if (flags & KAFCLAW_FILTER_NO_EXECUTE) {
    refuse(&program, SYS_execve, EPERM);
    refuse(&program, SYS_execveat, EPERM);
  }
  answer(&program, SECCOMP_RET_ALLOW);
  if (program.count > program.capacity || program.count > BPF_MAXINSNS) return -1;
  return program.count * (long)sizeof(struct sock_filter);
}

int kafclaw_filter_self(int flags) {
  _Alignas(8) unsigned char code[8192];
  long size = kafclaw_filter(flags, code, sizeof code);
  if (size < 0) return ENOMEM;
  struct sock_fprog program = {
      (unsigned short)(size / (long)sizeof(struct sock_filter)),
      (struct sock_filter *)(void *)code};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) return errno;
  long result =
      syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
  // A positive result is the number of a thread that could not follow.
  return result < 0 ? errno : result > 0 ? EBUSY : 0;
}
