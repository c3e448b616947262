// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

extension EscapeSuite {
  static let files = [
    EscapeAttempt(
      "reads a file by its absolute path", #"cat "$SECRET" && echo escaped; echo tried"#),
    EscapeAttempt(
      "reads a file by a path with dots",
      #"cd "$WORKSPACE"; cat "../../../../../../../..$SECRET" ../outside/secret && echo escaped; "#
        + #"cat "$WORKSPACE/../outside/secret" && echo escaped; echo tried"#),
    EscapeAttempt(
      "reads through a link of its own",
      #"ln -s "$SECRET" "$WORKSPACE/own"; cat "$WORKSPACE/own" && echo escaped; echo tried"#),
    EscapeAttempt(
      "reads through a link that lies in the workspace",
      #"cat "$WORKSPACE/planted" && echo escaped; echo tried"#),
    EscapeAttempt(
      "reads through the root of a process",
      #"""
      for process in /proc/[0-9]* /proc/self /proc/thread-self; do
        cat "$process/root$SECRET" && echo "escaped by $process/root"
        cat "$process/cwd/../../../../..$SECRET" && echo "escaped by $process/cwd"
      done; echo tried
      """#),
    EscapeAttempt(
      "reads the environment of other processes",
      #"""
      cat /proc/[0-9]*/environ 2>/dev/null | tr '\0' '\n' \
        | grep -vE '^(PATH|PWD|OLDPWD|_|SHLVL|WORKSPACE|SECRET|HOST_PID|PORT|ABSTRACT|MARKER)=' \
        | sed 's/=.*//; s/^/escaped with /'; echo tried
      """#),
    EscapeAttempt(
      "finds what belongs to the host",
      #"""
      for path in /etc/shadow /etc/ssh /etc/ssl/private /etc/machine-id /home /root /srv /boot \
        /opt /mnt /var/lib /var/log /run/user /run/systemd /run/docker.sock /run/podman \
        /var/run/docker.sock /dev/mem /dev/kmem /dev/kvm /dev/fuse /dev/sda /dev/vda /dev/loop0 \
        /dev/kmsg /dev/net/tun /dev/uinput; do
        [ -e "$path" ] && echo "escaped: sees $path"
      done; echo tried
      """#),
    EscapeAttempt(
      "writes to the system",
      #"""
      for folder in / /usr /usr/bin /usr/lib /bin /lib /etc /etc/ssl /dev /sys /.kafclaw /proc; do
        (: >"$folder/kafclaw-escape") 2>/dev/null && echo "escaped: wrote to $folder"
      done
      chmod 0777 /usr/bin /etc/passwd 2>/dev/null && echo escaped
      (: >>/etc/passwd) 2>/dev/null && echo escaped; echo tried
      """#),
    EscapeAttempt(
      "writes to settings of the kernel",
      #"""
      for file in kernel/core_pattern kernel/modprobe vm/overcommit_memory fs/suid_dumpable; do
        value=$(cat "/proc/sys/$file")
        (printf %s "$value" >"/proc/sys/$file") 2>/dev/null && echo "escaped: wrote $file"
      done
      (: >/proc/sysrq-trigger) 2>/dev/null && echo 'escaped: opened sysrq-trigger'; echo tried
      """#),
    EscapeAttempt(
      "makes device files",
      #"""
      mknod /tmp/memory c 1 1 && echo escaped; mknod /tmp/disk b 8 0 && echo escaped
      mknod "$WORKSPACE/null" c 1 3 && echo escaped; echo tried
      """#),
    EscapeAttempt(
      "holds descriptors it was not given",
      #"""
      perl -e 'opendir(D, "/proc/self/fd"); for (readdir D) { next if !/^\d+$/ || $_ < 3;
        $l = readlink("/proc/self/fd/$_"); print "escaped: $_ is $l\n" if $l !~ m{^/proc/\d+/fd$} }'
      echo tried
      """#),
    EscapeAttempt(
      "inherits an environment",
      #"""
      tr '\0' '\n' </proc/self/environ \
        | grep -vE '^(PATH|PWD|OLDPWD|_|SHLVL|WORKSPACE|SECRET|HOST_PID|PORT|ABSTRACT|MARKER)=' \
        | sed 's/^/escaped with /'; echo tried
      """#),
  ]
}
