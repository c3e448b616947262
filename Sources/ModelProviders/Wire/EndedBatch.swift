// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// The calls of one answer, which go back to the model together.
struct EndedBatch {
  let calls: [CompletionRequest.EndedCall]

  var remark: String? { calls.first?.call.remark.flatMap { $0.isEmpty ? nil : $0 } }

  /// Calls that name no batch stand alone.
  static func batches(of calls: [CompletionRequest.EndedCall]) -> [EndedBatch] {
    var groups: [[CompletionRequest.EndedCall]] = []
    for ended in calls {
      let batch = ended.call.batch
      if let last = groups.indices.last, batch != nil, groups[last].last?.call.batch == batch {
        groups[last].append(ended)
      } else {
        groups.append([ended])
      }
    }
    return groups.map(EndedBatch.init)
  }
}

/// Names for the calls of one request, each used once.
struct CallIdentifiers {
  private var used: Set<String> = []
  private let isAccepted: (String) -> Bool

  /// - Parameter isAccepted: Whether the provider takes a reference that another may have made.
  init(isAccepted: @escaping (String) -> Bool) {
    self.isAccepted = isAccepted
  }

  /// The call's own reference where it is fit and free, else one made of its position.
  mutating func identifier(of call: ToolCall) -> String {
    if let reference = call.reference, isAccepted(reference), used.insert(reference).inserted {
      return reference
    }
    var made = "call_\(call.index)"
    while !used.insert(made).inserted { made += "_" }
    return made
  }
}

/// The tools that a request describes.
struct OfferedTools {
  let descriptions: [ToolDescription]
  let mayBeCalled: Bool

  /// Servers refuse calls of tools that the request does not describe, so the calls of a turn that
  /// may call no more are described, and their use is forbidden.
  init(_ request: CompletionRequest) {
    mayBeCalled = !request.tools.isEmpty
    guard request.tools.isEmpty else {
      descriptions = request.tools
      return
    }
    descriptions = Set(request.calls.map(\.call.nameForModel)).sorted().map {
      ToolDescription(name: $0, summary: "", parameters: ["type": "object", "properties": [:]])
    }
  }
}

extension ToolCall {
  /// The name as providers take it: `^[a-zA-Z0-9_-]{1,64}$`. A model may have asked for any.
  var nameForModel: String {
    let signs = tool.unicodeScalars.prefix(64).map { scalar in
      let isPlain =
        scalar.isASCII && scalar.properties.isAlphabetic
        || ("0"..."9").contains(scalar) || scalar == "_" || scalar == "-"
      return isPlain ? Character(scalar) : "_"
    }
    return signs.isEmpty ? "_" : String(signs)
  }

  /// The arguments as an object, which providers insist on, also where the model wrote none.
  var argumentsForModel: JSONValue {
    if case .object = arguments { return arguments }
    return ["INVALID_JSON": arguments]
  }
}

extension ToolResult {
  private static let byteLimit = 64 << 10

  var isError: Bool {
    if case .success = self { return false }
    return true
  }

  /// The result as the model reads it, cut to a bound.
  var textForModel: String {
    switch self {
    case .success(let text): Self.cut(text)
    case .failure(let text): "failed: " + Self.cut(text)
    case .outcomeUnknown:
      "outcome unknown: the call was interrupted and may have happened; it was not repeated"
    }
  }

  private static func cut(_ text: String) -> String {
    let bytes = text.utf8
    guard bytes.count > byteLimit else { return text }
    var end = bytes.index(bytes.startIndex, offsetBy: byteLimit)
    while end > bytes.startIndex, bytes[end] & 0xC0 == 0x80 { end = bytes.index(before: end) }
    let kept = String(decoding: bytes[..<end], as: UTF8.self)
    return kept + "\n[cut: \(bytes.count - kept.utf8.count) bytes more]"
  }
}
