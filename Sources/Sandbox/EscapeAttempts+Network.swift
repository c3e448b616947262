// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

extension EscapeSuite {
  static let network = [
    EscapeAttempt(
      "reaches a service on the loopback address",
      #"""
      perl -e 'use Socket; for $a ("127.0.0.1", "127.0.0.2", "0.0.0.0") {
        socket(S, PF_INET, SOCK_STREAM, 0) or next;
        connect(S, sockaddr_in($ENV{PORT}, inet_aton($a))) and print "escaped to $a\n" }'
      echo tried
      """#),
    EscapeAttempt(
      "finds a network interface",
      #"sed 1,2d /proc/net/dev | grep -v '^ *lo:' | sed 's/^/escaped: /'; echo tried"#),
    EscapeAttempt(
      "finds a way to another host",
      #"""
      perl -e 'use Socket; socket(S, PF_INET, SOCK_DGRAM, 0) or exit;
        connect(S, sockaddr_in(53, inet_aton("192.0.2.1"))) and print "escaped\n"'; echo tried
      """#),
    EscapeAttempt(
      "reaches an abstract socket",
      #"""
      perl -e 'use Socket; socket(S, PF_UNIX, SOCK_STREAM, 0) or exit;
        connect(S, pack("S a*", PF_UNIX, "\0$ENV{ABSTRACT}")) and print "escaped\n"'; echo tried
      """#),
    EscapeAttempt(
      "opens sockets of other families",
      #"""
      perl -e 'for (16, 17, 29, 30, 31, 38, 40, 44) { for $t (1, 2, 3, 5) {
        socket(S, $_, $t, 0) and print "escaped: family $_\n" } }'; echo tried
      """#),
  ]
}
