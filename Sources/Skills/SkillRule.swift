// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// Words that must not stand together in a skill.
struct SkillRule: Sendable {
  /// Where the words have to stand.
  enum Kind: Sendable {
    /// In one line: commands. In the prose of a text about them they are a warning at most.
    case command
    /// Anywhere, also over the end of a line: what a model is told.
    case speech
  }

  let code: String
  let severity: SkillFinding.Severity
  let message: String
  let kind: Kind
  /// One of each group has to be there. Lower case.
  let groups: [[Needle]]

  private init(
    _ code: String, _ severity: SkillFinding.Severity, _ message: String, _ kind: Kind = .command,
    _ groups: [Needle]...
  ) {
    (self.code, self.severity, self.message) = (code, severity, message)
    (self.kind, self.groups) = (kind, groups)
  }

  /// Where it fits, once for what belongs together. Each group is looked for once: the time grows with the text and
  /// not with what is found in it.
  func places(in text: ScannedText) -> [Int] {
    var found: [[Int]] = []
    for group in groups {
      let places = text.places(of: group)
      if places.isEmpty { return [] }
      found.append(places)
    }
    var (places, next) = ([Int](), 0)
    for place in found.first ?? [] where place >= next {
      let around = text.neighbourhood(of: place)
      let fits = found.dropFirst().allSatisfy { others in
        let index = Sorted.first(in: others, from: around.lowerBound)
        return index < others.count && others[index] < around.upperBound
      }
      guard fits else { continue }
      places.append(place)
      next = max(place + 1, around.upperBound)
    }
    return places
  }
}

extension SkillRule {
  private static let shells: [Needle] = [
    "| sh$", "|sh$", "| bash$", "|bash$", "| zsh$", "|zsh$", "| dash$", "|dash$", "| sudo$",
    "|sudo$", "| python", "|python", "| perl$", "|perl$", "| node$", "|node$", "| ruby$", "|ruby$",
    "| env ", "|env ", "|& ", "| /bin/", "|/bin/", "| /usr/bin/", "|/usr/bin/",
  ]

  static let all: [SkillRule] = [
    SkillRule(
      "pipe_shell_exec", .critical, "what is downloaded is run unseen", .command,
      ["curl ", "wget ", "fetch ", "iwr ", "invoke-webrequest", "base64 "], shells),
    SkillRule(
      "substituted_shell_exec", .critical, "what is downloaded is run unseen", .command,
      ["<(curl", "<( curl", "<(wget", "$(curl", "$( curl", "$(wget", "`curl", "`wget"]),
    SkillRule(
      "download_and_run", .critical, "what is downloaded is run at once", .command,
      ["curl ", "wget "],
      ["chmod +x", "; sh ", ";sh ", "; bash ", "&& sh ", "&& bash ", "&& ./", "; ./", "&& python"]),
    SkillRule(
      "encoded_powershell", .critical, "a command that nobody can read", .command,
      ["powershell", "pwsh"],
      ["-enc$", "-encodedcommand", "-e ", "frombase64string"]),
    SkillRule(
      "reverse_shell", .critical, "it gives a shell away", .command,
      ["/dev/tcp/", "/dev/udp/", "nc -e", "ncat -e", "nc -c", "socat exec", "mkfifo /tmp"]),
    SkillRule(
      "credential_access", .critical, "it names a place of credentials", .command,
      [
        "/.ssh", "id_rsa", "id_ed25519", ".aws/credentials", "/etc/shadow", "tomb.rr", ".kafclaw",
        ".config/kafclaw", ".netrc", ".git-credentials", ".config/gcloud", ".kube/config",
        "login.keychain",
        "find-generic-password", ".docker/config.json", "/proc/self/environ",
      ]),
    SkillRule(
      "destructive_command", .critical, "it destroys what is not its own", .command,
      [
        "rm -rf /$", "rm -rf ~", "rm -fr /$", "rm -rf $home", "rm -rf /etc", "rm -rf /home",
        "rm -rf /usr", "mkfs.", ":(){", "of=/dev/sd",
      ]),
    SkillRule(
      "persistence", .critical, "it stays on the host", .command,
      [
        "crontab ", "/etc/cron", "systemctl enable", "systemctl --user", "launchctl ",
        "authorized_keys",
        ">> ~/.bashrc", ">> ~/.profile", ">> ~/.zshrc", "/etc/rc.local",
      ]),
    SkillRule(
      "instruction_override", .critical, "it turns the model against whoever it works for", .speech,
      [
        "ignore previous instructions", "ignore all previous", "ignore all prior",
        "ignore prior instructions", "ignore the above",
        "ignore your instructions",
        "disregard previous", "disregard all previous", "disregard all prior",
        "disregard your instructions", "forget your instructions",
        "do not tell the user", "don't tell the user", "without telling the user",
        "do not inform the user",
        "without informing", "hide this from", "do not mention this", "override your instructions",
        "reveal your system prompt",
      ]),
    SkillRule(
      "approval_bypass", .critical, "it works against approvals or the sandbox", .speech,
      [
        "skip the approval", "skip approval", "bypass approval", "bypass the approval",
        "without asking for approval",
        "bypass the sandbox",
        "disable the sandbox", "--no-sandbox", "dangerously-skip-permissions",
        "runtimeisolation: host",
      ]),
    SkillRule(
      "drop_service", .critical, "it names a place where stolen data or second stages go", .command,
      [
        "pastebin.com", "glot.io", "rentry.co", "webhook.site", "ngrok", "requestbin",
        "transfer.sh",
        "bit.ly/", "tinyurl.com/", "pipedream.net", "interact.sh", "oast.",
      ]),
    SkillRule(
      "prerequisite_install", .warning, "it asks for software from elsewhere", .command,
      [
        "npm install", "npm i ", "npx ", "pip install", "pip3 install", "uv tool install",
        "brew install",
        "apt install", "apt-get install", "dnf install", "cargo install", "go install",
        "gem install",
        "pipx install",
      ]),
    SkillRule(
      "inline_program", .warning, "a program inside of a command", .command,
      [
        "python -c", "python3 -c", "perl -e", "ruby -e", "node -e", "php -r", "osascript -e",
        "sh -c",
      ]),
    SkillRule(
      "eval_usage", .warning, "text is run as a program", .command,
      ["eval(", "eval ", "exec(", "new function("]),
    SkillRule(
      "base64_decode", .warning, "something is decoded before it is used", .command,
      ["base64 -d", "base64 --decode", "b64decode", "atob(", "frombase64string"]),
    SkillRule(
      "subprocess_usage", .warning, "a script starts other programs", .command,
      ["subprocess", "os.system", "os.popen", "child_process", "os/exec", "exec.command("]),
  ]
}
