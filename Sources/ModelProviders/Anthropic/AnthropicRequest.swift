// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// The body of a request for messages (docs.anthropic.com/en/api/messages).
enum AnthropicRequest {
  static func body(
    _ request: CompletionRequest, model: String, answerTokens: Int
  ) -> JSONValue {
    var fields: [String: JSONValue] = [
      "model": .string(model), "messages": .array(messages(request)),
      "max_tokens": .integer(Int64(answerTokens)), "stream": true,
    ]
    if isText(request.instructions) { fields["system"] = .string(request.instructions) }
    if let user = request.user { fields["metadata"] = ["user_id": .string(user)] }
    let tools = OfferedTools(request)
    if !tools.descriptions.isEmpty {
      fields["tools"] = .array(tools.descriptions.map(tool))
      if !tools.mayBeCalled { fields["tool_choice"] = ["type": "none"] }
    }
    return .object(fields)
  }

  private static func tool(_ tool: ToolDescription) -> JSONValue {
    [
      "name": .string(tool.name), "description": .string(tool.summary),
      "input_schema": tool.parameters,
    ]
  }

  private static func messages(_ request: CompletionRequest) -> [JSONValue] {
    var messages: [JSONValue] = []
    for exchange in request.history {
      messages += [text("user", exchange.text), text("assistant", exchange.reply)]
    }
    messages.append(text("user", request.text))
    var ids = CallIdentifiers(isAccepted: isIdentifier)
    for batch in EndedBatch.batches(of: request.calls) {
      let named = batch.calls.map { (id: ids.identifier(of: $0.call), ended: $0) }
      let remark = batch.remark.flatMap { isText($0) ? block($0) : nil }
      let uses = named.map { use($0.ended.call, id: $0.id) }
      let results = named.map { result($0.ended.result, id: $0.id) }
      messages.append([
        "role": "assistant", "content": .array([remark].compactMap(\.self) + uses),
      ])
      messages.append(["role": "user", "content": .array(results)])
    }
    return messages
  }

  private static func use(_ call: ToolCall, id: String) -> JSONValue {
    [
      "type": "tool_use", "id": .string(id), "name": .string(call.nameForModel),
      "input": call.argumentsForModel,
    ]
  }

  private static func result(_ result: ToolResult, id: String) -> JSONValue {
    [
      "type": "tool_result", "tool_use_id": .string(id), "is_error": .bool(result.isError),
      "content": .string(result.textForModel),
    ]
  }

  private static func text(_ role: String, _ content: String) -> JSONValue {
    // A message without text is refused.
    ["role": .string(role), "content": .string(isText(content) ? content : "(empty)")]
  }

  private static func block(_ text: String) -> JSONValue {
    ["type": "text", "text": .string(text)]
  }

  private static func isText(_ text: String) -> Bool {
    !text.allSatisfy(\.isWhitespace)
  }

  /// References that another provider made may hold signs that this one refuses.
  private static func isIdentifier(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
          true
        default: false
        }
      }
  }
}
