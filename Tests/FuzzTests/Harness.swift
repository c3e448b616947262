// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation

/// What libFuzzer calls; `packaging/fuzz` builds it beside the targets.
private let target: any FuzzTarget.Type = {
  guard let name = variable("TARGET"),
    let target = FuzzTargets.all.first(where: { $0.name == name })
  else { stop("KAFCLAW_FUZZ_TARGET names no target") }
  return target
}()

private func variable(_ name: String) -> String? {
  ProcessInfo.processInfo.environment["KAFCLAW_FUZZ_\(name)"]
}

private func stop(_ why: String) -> Never {
  print(why)
  exit(2)
}

/// Writes the seeds and the dictionary, before libFuzzer reads them.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
  _ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?
) -> CInt {
  do {
    if let folder = variable("SEEDS") {
      for (number, seed) in target.seeds.enumerated() {
        try Data(seed).write(to: URL(filePath: "\(folder)/seed-\(number)"))
      }
    }
    if let file = variable("WORDS") {
      let lines = target.words.map { word in
        let bytes = word.utf8.map { "\\x\($0 < 16 ? "0" : "")\(String($0, radix: 16))" }
        return "\"\(bytes.joined())\"\n"
      }
      try Data(lines.joined().utf8).write(to: URL(filePath: file))
    }
  } catch {
    stop("cannot write the seeds: \(error)")
  }
  return 0
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = [UInt8](UnsafeBufferPointer(start: start, count: count))
  guard let complaint = target.check(input) else { return 0 }
  print("\(target.name): \(complaint)")
  fflush(nil)
  abort()
}
