// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// A way in which a host is broken from outside, what is found of it, and what makes it whole.
struct Breakage {
  enum Cure {
    /// What the remedy says, with the variables of the broken host.
    case program([String])
    /// What an operator does.
    case script(String)
  }

  let name: String
  /// What is found that was not found before.
  let findings: Set<String>
  /// Shell text, run in the home folder by the appliance's user.
  let harm: String
  let cure: Cure
  /// Variables of the commands while the host is broken.
  var environment: [String: String] = [:]
  var lacksToken = false
  var examination = ["security", "check"]

  init(
    _ name: String, _ findings: Set<String>, _ harm: String, _ cure: Cure,
    environment: [String: String] = [:], lacksToken: Bool = false,
    examination: [String] = ["security", "check"]
  ) {
    (self.name, self.findings, self.harm, self.cure) = (name, findings, harm, cure)
    (self.environment, self.lacksToken) = (environment, lacksToken)
    self.examination = examination
  }

  /// What `harm` and scripts may use.
  static let words = """
    set -e
    umask 077
    conf=.config/kafclaw
    audit=.kafclaw/audit
    log=$audit/00000000000000000000.jsonl
    keep() { cp -a "$1" ../kept; }
    back() { rm -rf "$1"; mv ../kept "$1"; }
    # flip FILE PLACE: another bit in the byte there; from the end when it is negative.
    flip() {
      python3 -c '
    import sys
    with open(sys.argv[1], "r+b") as file:
        file.seek(int(sys.argv[2]), 2 if int(sys.argv[2]) < 0 else 0)
        byte = file.read(1)[0]
        file.seek(-1, 1)
        file.write(bytes([byte ^ 1]))' "$1" "$2"
    }

    """

  private static let fix = Cure.program(["doctor", "--fix"])
  private static let anew = Cure.program(["audit", "begin-anew", "--reason", "a test broke it"])
  /// A value in the form of a provider's key.
  static let key = "sk-ant-api03-a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0"

  static let all = files + secrets + records + settings

  private static let files = [
    Breakage("mode of the timeline", ["state.modes"], "chmod 644 .kafclaw/timeline.db", fix),
    Breakage("mode of a folder", ["state.modes"], "chmod 755 .kafclaw/audit", fix),
    Breakage("no folder of the reconciler", ["state.folders"], "rm -r .kafclaw/reconciler", fix),
    Breakage("no runtime folder", ["state.folders"], "rm -r .kafclaw/run", fix),
    Breakage(
      "no state home",
      [
        "state.folders", "audit.readable", "audit.intact", "tomb.opens", "tomb.recovery",
        "tomb.rotation", "tomb.keyfile", "token.present", "token.age", "secrets.watched",
      ], "keep .kafclaw; rm -r .kafclaw", .script("back .kafclaw")),
    Breakage(
      "temporary file", ["state.leftovers"], "echo x > .kafclaw/.kafclaw-4194304-1.tmp", fix),
    Breakage(
      "database without its head", ["timeline.intact"],
      "keep .kafclaw/timeline.db; flip .kafclaw/timeline.db 2", .script("back .kafclaw/timeline.db")
    ),
    Breakage(
      "byte of the database", ["timeline.intact"],
      "keep .kafclaw/timeline.db; flip .kafclaw/timeline.db 4096",
      .script("back .kafclaw/timeline.db")),
    Breakage(
      "workspace that leads to /etc", ["folders.isolated"],
      "mv .kafclaw/workspace ../kept; ln -s /etc .kafclaw/workspace",
      .script("back .kafclaw/workspace")),
    Breakage(
      "secret in config.json", ["configuration.rendered"],
      "sed -i s/test-claw/\(key)/ .kafclaw/config.json", .program(["apply"])),
  ]

  private static let secrets = [
    Breakage(
      "secret in the env file", ["env.secrets"], "echo API_KEY=\(key) > $conf/env", fix),
    Breakage(
      "line of the env file", ["env.syntax"], "echo what is this > $conf/env",
      .script("sed -i /what/d $conf/env")),
    Breakage(
      "env file of another gateway", ["env.elsewhere"],
      "mkdir .openclaw; echo API_KEY=\(key) > .openclaw/.env", .script("rm .openclaw/.env")),
    Breakage(
      "byte of tomb.rr",
      [
        "tomb.opens", "tomb.recovery", "tomb.rotation", "token.present", "token.age",
        "secrets.watched",
      ],
      "keep $conf/tomb.rr; flip $conf/tomb.rr 200", .script("back $conf/tomb.rr")),
    Breakage(
      "no tomb.rr", ["tomb.opens", "token.present", "token.age"], "mv $conf/tomb.rr ../kept",
      .script("back $conf/tomb.rr")),
    Breakage(
      "no token", ["secrets.resolve", "token.present"], "true", fix, lacksToken: true),
    Breakage(
      "weak token", ["token.strength", "secrets.watched"], "true", .script("true"),
      environment: ["KAFCLAW_GATEWAY_AUTH_TOKEN": "short"]),
  ]

  private static let records = [
    Breakage(
      "edited line of the audit log", ["audit.verified"],
      #"sed -i '3s/"actor":"/"actor":"x/' $log"#, anew,
      examination: ["security", "audit", "--deep", "--skip", "host.upgradable"]),
    Breakage(
      "end of the audit log", ["audit.readable", "audit.intact"], "flip $log -10", anew),
    Breakage(
      "audit log cut short", ["audit.readable", "audit.intact"], "truncate -s -20 $log", anew),
    Breakage("no audit log", ["audit.readable", "audit.intact"], "rm $log", anew),
  ]

  private static let settings = [
    Breakage(
      "repository that has moved", ["source.fresh"], "mv ../config ../moved",
      .script("mv ../moved ../config")),
    Breakage(
      "appliance.yaml that nobody may read",
      ["bootstrap.valid", "source.fresh", "secrets.resolve", "tomb.keyfile"],
      "chmod 000 $conf/appliance.yaml", .script("chmod 600 $conf/appliance.yaml")),
    Breakage(
      "appliance.yaml that is not valid",
      ["bootstrap.valid", "source.fresh", "secrets.resolve", "tomb.keyfile"],
      "keep $conf/appliance.yaml; echo 'foo: 3' >> $conf/appliance.yaml",
      .script("back $conf/appliance.yaml")),
    Breakage(
      "appliance.yaml that others may write", ["bootstrap.valid", "state.modes"],
      "chmod 666 $conf/appliance.yaml", fix),
    Breakage(
      "variable for root", ["process.root"], "true", .script("true"),
      environment: ["KAFCLAW_ALLOW_ROOT": "1"]),
    Breakage(
      "variable for commands outside the workspace", ["tools.restrict-workspace"], "true",
      .script("true"), environment: ["KAFCLAW_TOOLS_EXEC_RESTRICT_WORKSPACE": "false"]),
  ]
}
