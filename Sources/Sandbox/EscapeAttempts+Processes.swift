// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

extension EscapeSuite {
  static let processes = [
    EscapeAttempt(
      "sees processes of the host",
      #"""
      set -- /proc/[0-9]*; [ $# -gt 6 ] && echo "escaped: sees $# processes"
      [ "$(cat "/proc/$HOST_PID/comm" 2>/dev/null)" = sleep ] && echo escaped
      echo tried
      """#),
    EscapeAttempt(
      "signals a process of the host",
      #"""
      [ "$HOST_PID" -gt 200 ] && kill -0 "$HOST_PID" 2>/dev/null && echo escaped; echo tried
      """#),
    EscapeAttempt(
      "reaches the first process",
      #"""
      kill -9 1 2>/dev/null; cat /proc/1/maps /proc/1/environ /proc/1/fd/* 2>/dev/null \
        && echo escaped; (: >/proc/1/mem) 2>/dev/null && echo escaped; echo tried
      """#),
    EscapeAttempt(
      "gains by programs of the superuser",
      #"""
      grep -q 'NoNewPrivs:.1' /proc/self/status || echo escaped
      cp /usr/bin/id /tmp/id && chmod 4755 /tmp/id; [ "$(/tmp/id -u)" = 0 ] && echo escaped
      for name in su mount umount passwd newuidmap newgidmap sudo pkexec; do
        [ -x "/usr/bin/$name" ] || continue
        perl -e 'open(S, "-|", @ARGV); $p = `grep -h Cap[EP] /proc/[0-9]*/status`;
          print "escaped by $ARGV[0]\n" if $p =~ /Cap(Eff|Prm):\t0*[1-9a-f]/' "/usr/bin/$name" x
      done </dev/null 2>/dev/null; echo tried
      """#),
    EscapeAttempt(
      "becomes the superuser",
      #"""
      perl -e '$< = 0; $> = 0; print "escaped\n" if $< == 0 || $> == 0;
        $) = 0; chroot("/tmp") and print "escaped by chroot\n"'
      grep -E 'Cap(Inh|Prm|Eff|Amb):' /proc/self/status | grep -v 0000000000000000 \
        | sed 's/^/escaped: /'; echo tried
      """#),
    EscapeAttempt(
      "makes namespaces",
      #"""
      for kind in -U -m -n -p -u -i -C '-U -r' '-U -m' '-U -n'; do
        unshare $kind true 2>/dev/null && echo "escaped by unshare $kind"
      done
      nsenter --target 1 --mount true 2>/dev/null && echo escaped
      mount -t tmpfs none /tmp 2>/dev/null && echo escaped
      mount --bind /usr /tmp 2>/dev/null && echo escaped
      umount /tmp 2>/dev/null && echo escaped; mount -o remount,rw / 2>/dev/null && echo escaped
      echo tried
      """#),
    EscapeAttempt(
      "traces another process",
      #"""
      perl -e '$n = `uname -m` =~ /x86_64/ ? 101 : 117; $p = fork; if (!$p) { sleep 5; exit }
        for (16, 0x4206) { print "escaped: ptrace $_\n" if syscall($n, $_, $p, 0, 0) >= 0 }
        print "escaped: ptrace 1\n" if syscall($n, 16, 1, 0, 0) >= 0; kill 9, $p'; echo tried
      """#),
    EscapeAttempt(
      "leaves processes behind",
      #"""
      setsid perl -e '$SIG{TERM} = $SIG{HUP} = "IGNORE"; sleep 300' "$MARKER" &
      (setsid sh -c 'perl -e "sleep 300" "$MARKER" & exec perl -e "sleep 300" "$MARKER"' &)
      perl -e 'fork and exit; fork and exit; sleep 300' "$MARKER"; echo tried; exit 0
      """#),
    EscapeAttempt(
      "outlives its time",
      #"""
      trap '' TERM HUP INT
      (setsid perl -e '$SIG{TERM} = "IGNORE"; fork; fork; sleep 300' "$MARKER" &)
      perl -e '$SIG{TERM} = "IGNORE"; sleep 300' "$MARKER"; echo escaped
      """#, .ends([.timedOut]), limits: EscapeAttempt.limits { $0.wallTime = 700 }),
  ]
}
