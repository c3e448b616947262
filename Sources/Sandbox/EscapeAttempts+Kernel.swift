// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

extension EscapeSuite {
  static let kernel = [
    EscapeAttempt(
      "calls parts of the kernel it has no business with",
      // With these arguments nothing happens even where the call is allowed. EPERM and ENOSYS
      // are the filter's answers, EINVAL and EFAULT would be the kernel's own.
      #"""
      perl -e '%n = `uname -m` =~ /x86_64/ ? (mount, 165, umount2, 166, pivot_root, 155,
        unshare, 272, setns, 308, bpf, 321, perf_event_open, 298, userfaultfd, 323, keyctl, 250,
        add_key, 248, request_key, 249, process_vm_readv, 310, process_vm_writev, 311, kcmp, 312,
        open_by_handle_at, 304, name_to_handle_at, 303, kexec_load, 246, init_module, 175,
        finit_module, 313, delete_module, 176, syslog, 103, swapon, 167, acct, 163,
        iopl, 172, modify_ldt, 154, fanotify_init, 300)
        : (mount, 40, umount2, 39, pivot_root, 41, unshare, 97, setns, 268, bpf, 280,
        perf_event_open, 241, userfaultfd, 282, keyctl, 219, add_key, 217, request_key, 218,
        process_vm_readv, 270, process_vm_writev, 271, kcmp, 272, open_by_handle_at, 265,
        name_to_handle_at, 264, kexec_load, 104, init_module, 105, finit_module, 273,
        delete_module, 106, syslog, 116, swapon, 224, acct, 89, fanotify_init, 262);
        %n = (%n, io_uring_setup, 425, open_tree, 428, move_mount, 429, fsopen, 430, fsmount, 432,
        clone3, 435, pidfd_getfd, 438, mount_setattr, 442);
        for (sort keys %n) { $! = 0; $r = syscall($n{$_}, -1, -1, -1, -1, -1);
          print "escaped: $_ gave $r with errno ", $!+0, "\n" if $r >= 0 || $! != 1 && $! != 38 }'
      echo tried
      """#),
    EscapeAttempt(
      "makes a user namespace by clone",
      #"""
      perl -e '$n = `uname -m` =~ /x86_64/ ? 56 : 220;
        for (0x10000000, 0x00020000, 0x40000000, 0x20000000) {
          $p = syscall($n, $_ | 17, 0, 0, 0, 0); exit if $p == 0;
          print "escaped: clone\n" if $p > 0 }'; echo tried
      """#),
    EscapeAttempt(
      "types into the terminal",
      #"""
      perl -e 'for $f (*STDIN, *STDOUT) { print "escaped\n" if defined ioctl($f, 0x5412, "x");
        $! = 0; ioctl($f, 0x5412, "x"); print "escaped: errno ", $!+0, "\n" if $! != 1 }
        open(T, "+<", "/dev/tty") and print "escaped: has a terminal\n"'; echo tried
      """#),
    EscapeAttempt(
      "uses the numbers of the 32-bit system calls",
      // The second numbering of x86_64; the filter kills whoever uses it.
      #"""
      [ "$(uname -m)" = x86_64 ] || { echo tried; exit 0; }
      perl -e 'print "escaped\n" if syscall(0x40000000 + 39) > 0'; echo tried
      """#),
  ]
}
