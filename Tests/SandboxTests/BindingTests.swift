// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Glibc
import Sandbox
import Testing

struct BindingTests {
  @Test("a binding can be read, and written only where that is granted", arguments: Backend.usable)
  func bindings(backend: Backend) throws {
    let folder = try TemporaryFolder()
    try folder.makeFolder("root/read")
    try folder.makeFolder("root/write")
    try folder.put("text", in: "root/read/file")
    for name in ["", "root", "root/read", "root/write"] { chmod(folder(name), 0o777) }
    chmod(folder("root/read/file"), 0o644)
    let bindings = [
      SandboxBinding(host: folder("root/read"), inside: "/data", isWritable: false),
      SandboxBinding(host: folder("root/write"), inside: "/data/out", isWritable: true),
    ]
    try folder.makeFolder("root/read/out")
    let outcome = try backend.runner.run(
      script(
        "cat file && cp file out/copy && (: >new) 2>/dev/null; rm -f file 2>/dev/null; exit 0",
        bindings: bindings, folder: "/data"))
    #expect(outcome.end == .exited(0), "\(outcome.complaints)")
    #expect(outcome.text == "text")
    #expect(folder.text("root/write/copy") == "text")
    #expect(try folder.names(in: "root/read") == ["file", "out"])
  }

  @Test("a command has temporary folders of its own", arguments: Backend.usable)
  func temporaryFolders(backend: Backend) throws {
    let text = "for folder in /tmp /dev/shm; do echo text >$folder/file; cat $folder/file; done; "
    for _ in 0..<2 {
      let outcome = try backend.runner.run(script(text + "ls -A /tmp /dev/shm | grep -c file"))
      #expect(outcome.text == "text\ntext\n2\n", "\(outcome.complaints)")
    }
  }

  @Test(
    "what would open the sandbox is refused before anything runs",
    arguments: [
      ("/", "/data"), ("/etc", "/data"), ("/home", "/data"), ("/tmp/..", "/data"),
      ("relative", "/data"), ("/usr/share", "/usr"), ("/usr/share", "/usr/bin/sh"),
      ("/usr/share", "/proc/x"), ("/usr/share", "/"), ("/usr/share", "data"),
      ("/usr/share", "/data/../etc"), ("/usr/share", "/.kafclaw/init"), ("/usr//share", "/data"),
      ("/usr/share", "/data/"), ("/usr/share\u{0}", "/data"),
    ])
  func refused(host: String, inside: String) {
    let binding = SandboxBinding(host: host, inside: inside, isWritable: true)
    let runner = SandboxRunner(SandboxConfiguration(backend: .bubblewrap, program: "/nowhere"))
    let error = #expect(throws: ApplianceError.self) {
      try runner.run(script("exit 0", bindings: [binding]))
    }
    #expect(error?.code == .sandboxFailed)
    #expect(error?.message.contains("/nowhere") == false)
  }

  @Test(
    "a binding of the host that is not there is a failure of the sandbox", arguments: Backend.usable
  )
  func missingBinding(backend: Backend) {
    let binding = SandboxBinding(host: "/usr/no/such", inside: "/data", isWritable: false)
    let error = #expect(throws: ApplianceError.self) {
      try backend.runner.run(script("exit 0", bindings: [binding]))
    }
    #expect(error?.code == .sandboxFailed)
  }

  @Test("a sandbox that cannot be started is told and nothing runs instead")
  func brokenProgram() throws {
    let folder = try TemporaryFolder()
    for program in ["/usr/bin/false", "/usr/bin/true", folder("missing")] {
      for backend in [SandboxBackend.bubblewrap, .docker, .podman] {
        let configuration = SandboxConfiguration(
          backend: backend, image: "sha256:0", program: program)
        let error = #expect(throws: ApplianceError.self) {
          try SandboxRunner(configuration).run(script("echo ran >\(folder("root/ran"))"))
        }
        #expect(error?.code == .sandboxFailed)
      }
    }
    #expect(try folder.names(in: "root").isEmpty)
  }
}
