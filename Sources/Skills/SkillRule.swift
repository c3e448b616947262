// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Glibc

/// Words that must not stand in one line of a skill.
struct SkillRule: Sendable {
  let code: String
  let severity: SkillFinding.Severity
  let message: String
  /// One of each group has to be there: lower case, at the beginning of a word; a sign that is put at the
  /// end (``end``) stands for the end of a word.
  let groups: [[String]]
  private static let end = UInt8(ascii: "$")

  private init(
    _ code: String, _ severity: SkillFinding.Severity, _ message: String, _ groups: [String]...
  ) {
    (self.code, self.severity, self.message, self.groups) = (code, severity, message, groups)
  }

  /// Whether a file has a word of each group anywhere.
  func mayMatch(_ lowered: [UInt8]) -> Bool { matches(lowered[...]) }

  func matches(_ line: ArraySlice<UInt8>) -> Bool {
    groups.allSatisfy { group in group.contains { Self.contains(line, $0) } }
  }

  static func contains(_ bytes: some Sequence<UInt8>, _ words: String) -> Bool {
    let found: Bool? = bytes.withContiguousStorageIfAvailable { find($0, words) != nil }
    return found ?? false
  }

  static func count(_ bytes: [UInt8], _ words: String) -> Int {
    bytes.withUnsafeBufferPointer { buffer in
      var (count, rest) = (0, buffer[...])
      while let place = find(UnsafeBufferPointer(rebasing: rest), words) {
        count += 1
        rest = rest.dropFirst(place + words.utf8.count)
      }
      return count
    }
  }

  private static func find(_ bytes: UnsafeBufferPointer<UInt8>, _ words: String) -> Int? {
    var needle = Array(words.utf8)
    let endsWord = needle.count > 1 && needle.last == end
    if endsWord { needle.removeLast() }
    guard let base = bytes.baseAddress, let first = needle.first else { return nil }
    var start = 0
    while bytes.count - start >= needle.count {
      guard let place = memchr(base + start, Int32(first), bytes.count - start) else { return nil }
      start = UnsafeRawPointer(place) - UnsafeRawPointer(base)
      guard bytes.count - start >= needle.count else { return nil }
      let isHere = memcmp(place, needle, needle.count) == 0
      if isHere, !isInWord(bytes, start, first),
        !endsWord || !isWordByte(bytes, start + needle.count)
      {
        return start
      }
      start += 1
    }
    return nil
  }

  private static func isInWord(
    _ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ first: UInt8
  ) -> Bool {
    isWord(first) && start > 0 && isWord(bytes[start - 1])
  }

  private static func isWordByte(_ bytes: UnsafeBufferPointer<UInt8>, _ place: Int) -> Bool {
    place < bytes.count && (isWord(bytes[place]) || bytes[place] == UInt8(ascii: "."))
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
      || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "_")
  }

  /// ASCII letters in lower case, and every run of spaces and tabs as one space: neither hides a word.
  static func lowered(_ bytes: [UInt8]) -> [UInt8] {
    var lowered: [UInt8] = []
    lowered.reserveCapacity(bytes.count)
    for byte in bytes {
      switch byte {
      case 0x41...0x5A: lowered.append(byte | 0x20)
      case 0x09, 0x20: if lowered.last != 0x20 { lowered.append(0x20) }
      // Zero bytes and the like are no end of anything.
      case 0x00, 0x0D: continue
      default: lowered.append(byte)
      }
    }
    return lowered
  }

  /// Bytes of lines that are put together.
  private static let lineLimit = 8 << 10

  /// Lines with their numbers from 1. One that ends in a backslash goes on, as far as ``lineLimit``.
  static func lines(_ bytes: [UInt8]) -> [(number: Int, text: ArraySlice<UInt8>)] {
    var lines: [(number: Int, text: ArraySlice<UInt8>)] = []
    var isOpen = false
    for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated()
    {
      let goesOn = line.last == 0x5C
      let text = goesOn ? line.dropLast() : line
      if isOpen, let last = lines.indices.last, lines[last].text.count < lineLimit {
        lines[last].text += text
      } else {
        lines.append((index + 1, text))
      }
      isOpen = goesOn
    }
    return lines
  }
}

extension SkillRule {
  private static let shells = [
    "| sh$", "|sh$", "| bash$", "|bash$", "| zsh$", "|zsh$", "| dash$", "|dash$", "| sudo$",
    "|sudo$", "| python", "|python", "| perl$", "|perl$", "| node$", "|node$", "| ruby$", "|ruby$",
    "| /bin/", "|/bin/", "| /usr/bin/", "|/usr/bin/",
  ]

  static let all: [SkillRule] = [
    SkillRule(
      "pipe_shell_exec", .critical, "what is downloaded is run unseen",
      ["curl ", "wget ", "fetch ", "iwr ", "invoke-webrequest", "base64 "], shells),
    SkillRule(
      "substituted_shell_exec", .critical, "what is downloaded is run unseen",
      ["<(curl", "<( curl", "<(wget", "$(curl", "$( curl", "$(wget", "`curl", "`wget"]),
    SkillRule(
      "download_and_run", .critical, "what is downloaded is run at once", ["curl ", "wget "],
      ["chmod +x", "; sh ", ";sh ", "; bash ", "&& sh ", "&& bash ", "&& ./", "; ./", "&& python"]),
    SkillRule(
      "encoded_powershell", .critical, "a command that nobody can read", ["powershell", "pwsh"],
      ["-enc", "-e ", "frombase64"]),
    SkillRule(
      "reverse_shell", .critical, "it gives a shell away",
      ["/dev/tcp/", "/dev/udp/", "nc -e", "ncat -e", "nc -c", "socat exec", "mkfifo /tmp"]),
    SkillRule(
      "credential_access", .critical, "it names a place of credentials",
      [
        "/.ssh", "id_rsa", "id_ed25519", ".aws/credentials", "/etc/shadow", "tomb.rr", ".kafclaw",
        ".config/kafclaw", ".netrc", ".git-credentials", ".config/gcloud", ".kube/config",
        "login.keychain",
        "find-generic-password", ".docker/config.json", "/proc/self/environ",
      ]),
    SkillRule(
      "destructive_command", .critical, "it destroys what is not its own",
      [
        "rm -rf /$", "rm -rf ~", "rm -fr /$", "rm -rf $home", "rm -rf /etc", "rm -rf /home",
        "rm -rf /usr", "mkfs.", ":(){", "of=/dev/sd",
      ]),
    SkillRule(
      "persistence", .critical, "it stays on the host",
      [
        "crontab ", "/etc/cron", "systemctl enable", "systemctl --user", "launchctl ",
        "authorized_keys",
        ">> ~/.bashrc", ">> ~/.profile", ">> ~/.zshrc", "/etc/rc.local",
      ]),
    SkillRule(
      "instruction_override", .critical, "it turns the model against whoever it works for",
      [
        "ignore previous instructions", "ignore all previous", "ignore the above",
        "ignore your instructions",
        "disregard previous", "disregard all", "disregard your", "forget your instructions",
        "do not tell the user", "don't tell the user", "without telling the user",
        "do not inform the user",
        "without informing", "hide this from", "do not mention this", "override your instructions",
        "reveal your system prompt", "developer mode",
      ]),
    SkillRule(
      "approval_bypass", .critical, "it works against approvals or the sandbox",
      [
        "skip the approval", "skip approval", "bypass approval", "without approval",
        "bypass the sandbox",
        "disable the sandbox", "--no-sandbox", "dangerously-skip-permissions",
        "runtimeisolation: host",
      ]),
    SkillRule(
      "drop_service", .critical, "it names a place where stolen data or second stages go",
      [
        "pastebin.com", "glot.io", "rentry.co", "webhook.site", "ngrok", "requestbin",
        "transfer.sh",
        "bit.ly/", "tinyurl.com/", "pipedream.net", "interact.sh", "oast.",
      ]),
    SkillRule(
      "prerequisite_install", .warning, "it asks for software from elsewhere",
      [
        "npm install", "npm i ", "npx ", "pip install", "pip3 install", "uv tool install",
        "brew install",
        "apt install", "apt-get install", "dnf install", "cargo install", "go install",
        "gem install",
        "pipx install",
      ]),
    SkillRule(
      "inline_program", .warning, "a program inside of a command",
      [
        "python -c", "python3 -c", "perl -e", "ruby -e", "node -e", "php -r", "osascript -e",
        "sh -c",
      ]),
    SkillRule(
      "eval_usage", .warning, "text is run as a program",
      ["eval(", "eval ", "exec(", "new function("]),
    SkillRule(
      "base64_decode", .warning, "something is decoded before it is used",
      ["base64 -d", "base64 --decode", "b64decode", "atob(", "frombase64"]),
    SkillRule(
      "subprocess_usage", .warning, "a script starts other programs",
      ["subprocess", "os.system", "os.popen", "child_process", "os/exec", "exec.command("]),
  ]
}
