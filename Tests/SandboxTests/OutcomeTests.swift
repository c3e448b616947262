// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Glibc
import Sandbox
import Testing

/// What a command does is told exactly, in every sandbox and without one.
struct OutcomeTests {
  static let backends = Backend.usable + [Backend(probe: .probe(.host))]

  @Test(
    "an exit status is told exactly, and none is taken for a failure of the sandbox",
    arguments: backends)
  func exitStatus(backend: Backend) throws {
    for code in [0, 1, 125, 126, 127, 137, 255] {
      let outcome = try backend.runner.run(script("exit \(code)"))
      #expect(outcome.end == .exited(code))
      #expect(outcome.output.isEmpty && outcome.errors.isEmpty)
    }
  }

  @Test("a signal is told from an exit status of the same number", arguments: backends)
  func signals(backend: Backend) throws {
    for number in [9, 15, 11] {
      let outcome = try backend.runner.run(script("kill -\(number) $$"))
      #expect(outcome.end == .signalled(number))
    }
  }

  @Test("a missing program is the command's failure, not the sandbox's", arguments: backends)
  func missingProgram(backend: Backend) throws {
    for path in ["/usr/bin/there-is-no-such-program", "/usr", "/tmp"] {
      let request = SandboxRequest(command: SandboxedCommand(executable: path, folder: "/tmp"))
      let error = #expect(throws: ApplianceError.self) { try backend.runner.run(request) }
      #expect(error?.code == .commandNotStarted, "\(path): \(String(describing: error))")
    }
  }

  @Test("a missing working directory is told", arguments: backends)
  func missingFolder(backend: Backend) throws {
    let error = #expect(throws: ApplianceError.self) {
      try backend.runner.run(script("exit 0", folder: "/there/is/no/such/folder"))
    }
    #expect(error?.code == .commandNotStarted)
  }

  @Test("arguments arrive as they are", arguments: backends)
  func arguments(backend: Backend) throws {
    let texts = ["", " ", "--", "-c", "$(id)", "a\nb", "é\u{301}", "*", "'\"\\", "%s"]
    let command = SandboxedCommand(
      executable: "/usr/bin/printf", arguments: ["%s|"] + texts, folder: "/tmp")
    let outcome = try backend.runner.run(SandboxRequest(command: command))
    #expect(outcome.output.elementsEqual(texts.map { $0 + "|" }.joined().utf8))
  }

  @Test("the environment is the given one and nothing else", arguments: backends)
  func environment(backend: Backend) throws {
    let command = SandboxedCommand(
      executable: "/usr/bin/env", environment: ["A": "1", "B": "x y\nz", "EMPTY": ""],
      folder: "/tmp")
    let outcome = try backend.runner.run(SandboxRequest(command: command))
    #expect(outcome.text.split(separator: "\n").sorted() == ["A=1", "B=x y", "EMPTY=", "z"])
  }

  @Test("bytes go in and come out as they are", arguments: backends)
  func bytes(backend: Backend) throws {
    let seed = UInt64.random(in: .min ... .max)
    print("seed \(seed)")
    var state = seed
    let input = (0..<700_000).map { _ -> UInt8 in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 33)
    }
    let outcome = try backend.runner.run(script("cat; cat /dev/null >&2", input: input))
    #expect(outcome.end == .exited(0))
    #expect(outcome.output == input)
    #expect(!outcome.isOutputCut)
  }

  @Test("a command need not read its input", arguments: backends)
  func ignoredInput(backend: Backend) throws {
    let input = [UInt8](repeating: 7, count: 4 << 20)
    #expect(try backend.runner.run(script("exit 4", input: input)).end == .exited(4))
    #expect(try backend.runner.run(script("cat | wc -c")).text.contains("0"))
  }

  @Test("output up to the limit is whole, one byte more is cut", arguments: backends)
  func outputLimit(backend: Backend) throws {
    var limits = SandboxLimits.standard
    limits.output = 100_000
    let whole = try backend.runner.run(script("head -c 100000 /dev/zero", limits: limits))
    #expect(whole.end == .exited(0))
    #expect(whole.output.count == 100_000 && !whole.isOutputCut)
    let cut = try backend.runner.run(
      script("head -c 100001 /dev/zero >&2; sleep 30", limits: limits))
    #expect(cut.end == .outputLimit)
    #expect(cut.errors.count == 100_000 && cut.isErrorsCut && !cut.isOutputCut)
  }

  @Test("what was said before the time was over is kept", arguments: backends)
  func timeout(backend: Backend) throws {
    var limits = SandboxLimits.standard
    limits.wallTime = 1200
    let outcome = try backend.runner.run(script("echo said; sleep 100", limits: limits))
    #expect(outcome.end == .timedOut)
    #expect(outcome.text == "said\n")
    #expect(outcome.wallTime < 15_000)
  }
}
