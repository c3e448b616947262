// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Glibc
import Testing

@testable import Tools

/// Which calls of `exec` a profile allows, and what an approval of one is given for.
struct ExecTests {
  private let place: Workplace

  init() throws {
    place = try Workplace()
  }

  private func resolve(
    _ arguments: [String], _ profile: ExecProfile = ExecProfile(binary: "/usr/bin/cat"),
    input: String? = nil
  ) throws -> ResolvedExec {
    var call: [String: JSONValue] = [
      "profile": "p", "arguments": .array(arguments.map(JSONValue.string)),
    ]
    if let input { call["input"] = .string(input) }
    return try ExecResolver.resolve(
      .object(call), profiles: ["p": profile], folders: place.folders, digest: TestDigest.of)
  }

  private func refusal(_ body: () throws -> ResolvedExec) -> String? {
    do {
      _ = try body()
      return nil
    } catch {
      return (error as? ApplianceError)?.message ?? "\(error)"
    }
  }

  @Test(
    "shells and wrappers are no profiles",
    arguments: [
      "/bin/sh", "/usr/bin/bash", "/usr/bin/bash5.2", "/usr/bin/zsh-5.9", "/usr/bin/env",
      "/bin/busybox", "/usr/bin/sudo", "/usr/bin/xargs", "/usr/bin/timeout", "/usr/sbin/chroot",
      "/lib64/ld-linux-x86-64.so.2", "/lib/ld-musl-x86_64.so.1", "/usr/bin/ld.so", "/usr/bin/ENV",
      "cat", "bin/cat", "/usr/bin/../bin/cat", "/usr/bin//cat", "/usr/bin/cat/", "/", "",
      "/usr/bin/c\u{200B}at", "/usr/bin/cat\0", "/usr/bin/setpriv", "/usr/bin/unshare",
    ])
  func refusesBinaries(path: String) {
    #expect(ExecProfile(binary: path).problem != nil)
  }

  @Test(
    arguments: ["/usr/bin/git", "/usr/bin/cat", "/usr/bin/python3", "/usr/bin/rg", "/usr/bin/ls"])
  func allowsBinaries(path: String) {
    #expect(ExecProfile(binary: path).problem == nil)
  }

  @Test(
    "a variable that makes programs do something else is reserved",
    arguments: [
      "PATH", "LD_PRELOAD", "LD_AUDIT", "NODE_OPTIONS", "PYTHONPATH", "PYTHONSTARTUP", "PERL5OPT",
      "BASH_ENV", "ENV", "GIT_SSH_COMMAND", "GIT_EXEC_PATH", "IFS", "PAGER", "EDITOR", "HOME",
      "RUBYOPT", "JAVA_TOOL_OPTIONS", "KAFCLAW_HOME", "GCONV_PATH", "LESSOPEN", "SSL_CERT_FILE",
      "HTTPS_PROXY", "MY_TOKEN", "DB_PASSWORD", "path", "A-B", "", "A=B", "Ä", "1A", "A\0", "_A",
    ])
  func reservesVariables(name: String) {
    #expect(ExecProfile(binary: "/usr/bin/cat", environment: [name: "x"]).problem != nil)
  }

  @Test func setsHarmlessVariables() throws {
    let environment = ["LANG": "de_DE.UTF-8", "TZ": "Europe/Berlin", "NO_COLOR": "1"]
    let exec = try resolve([], ExecProfile(binary: "/usr/bin/cat", environment: environment))
    #expect(exec.environmentNames == ["LANG", "NO_COLOR", "PATH", "TZ"])
    #expect(exec.environment["PATH"] == "/usr/bin:/bin")
    let value = ExecProfile(binary: "/usr/bin/cat", environment: ["A": "x\ny"])
    #expect(value.problem != nil)
  }

  @Test func allowsSubcommandsExactly() throws {
    let profile = ExecProfile(binary: "/usr/bin/cat", subcommands: ["log", "show"])
    #expect(try resolve(["log", "-p"], profile).arguments == ["log", "-p"])
    for arguments in [[], ["Log"], ["log "], ["-c", "log"], ["lo"], ["", "log"], ["log\u{301}"]] {
      #expect(refusal { try resolve(arguments, profile) } != nil, "\(arguments)")
    }
    #expect(ExecProfile(binary: "/usr/bin/cat", subcommands: []).problem != nil)
  }

  @Test(
    "characters that are not seen are refused",
    arguments: [
      "a\u{200B}b", "a\u{202E}b", "a\u{2066}b", "\u{FEFF}", "a\0", "a\nb", "a\tb", "a\u{1B}[2K",
      "a\u{AD}b", "a\u{A0}b", "a\u{3000}b", "\u{3164}", "a\u{E0041}", "\u{115F}", "\u{2800}",
      "\u{7F}", "a\u{2028}b", "\u{E000}",
    ])
  func refusesUnseenCharacters(argument: String) {
    #expect(refusal { try resolve(["x", argument]) }?.contains("argument 2") == true)
    let sheet = CallSheet(ToolCall(index: 0, tool: "exec", arguments: ["a": .string(argument)]))
    #expect(sheet.hasDeceptiveCharacters || argument.contains("\n") || argument.contains("\t"))
  }

  @Test func allowsTextOfAnyLanguage() throws {
    let texts = ["größe", "日本語", "e\u{301}", "\u{1F600}", "a b", "--x='y;z' $A `b` | & > *"]
    #expect(try resolve(texts).arguments == texts)
    #expect(try resolve([], input: "a\n\tb").input == "a\n\tb")
    #expect(refusal { try resolve([], input: "a\r\n\u{1B}") } != nil)
  }

  @Test func limitsArguments() {
    #expect(refusal { try resolve(Array(repeating: "x", count: 1_000)) } == nil)
    #expect(refusal { try resolve(Array(repeating: "x", count: 1_001)) } != nil)
    #expect(refusal { try resolve([String(repeating: "x", count: 128 << 10)]) } != nil)
  }

  @Test("a program that others than root can change is refused")
  func refusesLooseBinaries() throws {
    let copy = place.path + "/tool"
    try FileManager.default.copyItem(atPath: "/usr/bin/cat", toPath: copy)
    let inside = place.path + "/workspace/tool"
    try FileManager.default.copyItem(atPath: "/usr/bin/cat", toPath: inside)
    try place.link("sh", to: "/bin/sh")
    let loose = refusal { try resolve([], ExecProfile(binary: copy)) }
    #expect(loose?.contains("by others than root") == true)
    let own = refusal { try resolve([], ExecProfile(binary: inside)) }
    #expect(own?.contains("agents write") == true)
    #expect(refusal { try resolve([], ExecProfile(binary: "/usr/bin/absent")) } != nil)
    #expect(refusal { try resolve([], ExecProfile(binary: "/usr/bin")) } != nil)
    #expect(refusal { try resolve([], ExecProfile(binary: "/etc/passwd")) } != nil)
    #expect(refusal { try resolve([], ExecProfile(binary: "/usr/bin/passwd")) } != nil)
  }

  @Test("a link is followed before the name is judged")
  func judgesWhatALinkLeadsTo() throws {
    try place.link("harmless", to: "/bin/sh")
    let profile = ExecProfile(binary: place.path + "/harmless")
    #expect(profile.problem == nil)
    #expect(refusal { try resolve([], profile) }?.contains("runs other programs") == true)
  }

  @Test(
    "a file is part of the call however its path is written",
    arguments: [
      "file", "./file", "./sub/../file", "x/../file", "--file=file", "-ffile", "-x=./file", "@file",
      "--map=a:file", "/WORK/file", "//WORK//./file", "/WORK/../WORKNAME/file", "-f/WORK/file",
    ])
  func spellings(argument: String) throws {
    let folder = place.folders.workRepo
    let name = String(folder.split(separator: "/").last ?? "")
    try Data("content".utf8).write(to: URL(filePath: folder + "/file"))
    let written = argument.replacing("/WORKNAME", with: "/" + name)
      .replacing("/WORK", with: folder)
    let found = try resolve([written]).files
    #expect(found.values.contains(TestDigest.of(Array("content".utf8))), "\(written): \(found)")
  }

  @Test(
    "a detour to a file is refused",
    arguments: ["/proc/self/cwd/file", "//proc/self/fd/0", "-f/dev/fd/3", "/usr/../proc/1/root"])
  func detours(argument: String) {
    #expect(refusal { try resolve([argument]) }?.contains("detour") == true)
  }

  @Test("what an approver cannot be shown whole is looked at whole")
  func longTexts() {
    let text = String(repeating: "a", count: 20_000)
    func sheet(_ text: String) -> CallSheet {
      CallSheet(ToolCall(index: 0, tool: "write_file", arguments: ["content": .string(text)]))
    }
    #expect(!sheet(text).hasDeceptiveCharacters)
    #expect(sheet(text + "\u{202E}").hasDeceptiveCharacters)
  }

  @Test("files that arguments name are part of the call")
  func digestsFiles() throws {
    try place.put("of the repo", in: "repo/a/script.py")
    let expected = TestDigest.of(Array("of the repo".utf8))
    for argument in [
      "a/script.py", "./a/../a/script.py", "--file=a/script.py", "work-repo/a/script.py",
      place.path + "/repo/a/script.py",
    ] {
      #expect(Set(try resolve([argument]).files.values) == [expected], "\(argument)")
    }
    #expect(try resolve(["a", "absent", "../secret", "/etc/passwd", "-v", ""]).files.isEmpty)
    #expect(try resolve(["note.md"]).files.count == 2)
    try place.link("repo/link", to: "a/script.py")
    #expect(refusal { try resolve(["link"]) }?.contains("link") == true)
    try place.put(Data(count: ExecResolver.fileBytes + 1), in: "repo/large")
    #expect(refusal { try resolve(["large"]) } != nil)
  }

  @Test("whatever decides what happens changes the digest of a call")
  func digestsTheWholeCall() throws {
    try place.put("1", in: "repo/file")
    let base = ExecProfile(binary: "/usr/bin/cat")
    var profiles = [base]
    for change: (inout ExecProfile) -> Void in [
      { $0.binary = "/usr/bin/head" }, { $0.environment = ["TZ": "UTC"] }, { $0.network = true },
      { $0.timeout += 1 }, { $0.memory += 1 }, { $0.processes += 1 }, { $0.output += 1 },
      { $0.isWorkspaceWritable = true },
    ] {
      var changed = base
      change(&changed)
      profiles.append(changed)
    }
    var digests = try profiles.map { try resolve(["file"], $0).callDigest(TestDigest.of) }
    for arguments in [[], ["file", ""], ["file", "x"], ["file x"], ["x", "file"]] {
      digests.append(try resolve(arguments).callDigest(TestDigest.of))
    }
    digests.append(try resolve(["file"], input: "").callDigest(TestDigest.of))
    #expect(try resolve(["file"]).callDigest(TestDigest.of) == digests[0])
    try place.put("2", in: "repo/file")
    digests.append(try resolve(["file"]).callDigest(TestDigest.of))
    #expect(Set(digests).count == digests.count)
  }

  @Test("a file named .env is never looked at")
  func readsNoEnvironmentFile() throws {
    for folder in ["workspace", "repo"] { try place.put("TZ=evil\nA=1", in: folder + "/.env") }
    #expect(try resolve([]).environment == ExecEnvironment.fixed)
  }

  @Test("a sheet shows every argument for itself, as it is")
  func showsTheCall() throws {
    let sheet = CallSheet(try resolve(["log", "-p; rm -rf /", "note.md"], input: "text"))
    let shown = Dictionary(uniqueKeysWithValues: sheet.details.map { ($0.name, $0.text) })
    #expect(shown["binary"] == "/usr/bin/cat")
    #expect(shown["argument 1"] == "log")
    #expect(shown["argument 2"] == "-p; rm -rf /")
    #expect(shown["input"] == "text")
    #expect(shown["environment"] == "LANG PATH")
    #expect(shown["network"] == "no")
    #expect(shown["file note.md"] != nil && shown["file work-repo/note.md"] != nil)
    #expect(!sheet.hasDeceptiveCharacters)
    let other = CallSheet(
      ToolCall(index: 0, tool: "write_file", arguments: ["path": "a", "content": "b", "n": 1]))
    #expect(other.details.map(\.name) == ["tool", "content", "n", "path"])
    #expect(other.details.map(\.text) == ["write_file", "b", "1", "a"])
  }
}
