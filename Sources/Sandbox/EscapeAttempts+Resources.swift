// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

extension EscapeSuite {
  static let resources = [
    EscapeAttempt(
      "starts processes without end",
      #"""
      perl -e 'for ($n = 0; $n < 500; $n++) { $p = fork; last if !defined $p;
        if (!$p) { sleep 30; exit } } print $n > 24 ? "escaped: $n processes\n" : "$n\n"'
      echo tried
      """#, .held),
    EscapeAttempt(
      "is a fork bomb", #"bomb() { bomb | bomb & }; bomb; sleep 30; echo escaped"#, .held,
      limits: EscapeAttempt.limits { $0.wallTime = 1500 }),
    EscapeAttempt(
      "takes all memory", #"perl -e '$x = "x" x (400 << 20); print "escaped\n"'; echo tried"#,
      .held),
    EscapeAttempt(
      "takes all memory with many processes",
      // Where there is no control group, each process has the limit for itself, and none of these
      // reaches it. All that keep their memory do so at the same time, until the last has it.
      #"""
      perl -e 'pipe(R, W); for (1..12) { pipe(my $r, my $w); $p = fork; last if !defined $p;
          if ($p) { close $w; push @r, $r; next }
          close W; close $r; $n = 24 << 20; $x = "x" x $n; syswrite($w, "x"); sysread(R, $y, 1);
          syswrite($w, "x"); exit }
        for (@r) { sysread($_, $y, 1) } close W; for (@r) { $held += sysread($_, $y, 1) }
        print $held > 4 ? "escaped: $held have 24 MiB each\n" : "$held\n"'
      echo tried
      """#, .held),
    EscapeAttempt(
      "fills the temporary folders",
      #"""
      for folder in /tmp /dev/shm /dev /run /var/tmp; do
        head -c 1900000 /dev/zero 2>/dev/null >"$folder/fill" && echo "escaped: filled $folder"
      done 2>/dev/null; echo tried
      """#),
    EscapeAttempt(
      "writes a file without end",
      #"cat /dev/zero >"$WORKSPACE/fill"; [ "$(wc -c <"$WORKSPACE/fill")" -gt 2097152 ] "#
        + #"&& echo escaped; rm "$WORKSPACE/fill"; echo tried"#),
    EscapeAttempt(
      "writes without end", #"cat /dev/zero; echo escaped"#, .ends([.outputLimit])),
    EscapeAttempt(
      "complains without end", #"cat /dev/zero >&2; echo escaped"#, .ends([.outputLimit])),
    EscapeAttempt(
      "computes without end", #"exec perl -e '1 while 1'"#, .ends([.signalled(9), .signalled(24)]),
      limits: EscapeAttempt.limits { $0.cpuTime = 1 }),
    EscapeAttempt(
      "opens files without end",
      #"""
      perl -e 'for (1..5000) { open($h[$_], "<", "/dev/null") or last }
        print "escaped\n" if $#h > 70'; echo tried
      """#),
  ]
}
