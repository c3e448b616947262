// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// The body of a request for chat completions (platform.openai.com/docs/api-reference/chat).
enum OpenAIRequest {
  static func body(
    _ request: CompletionRequest, model: String, answerTokens: Int
  ) -> JSONValue {
    var fields: [String: JSONValue] = [
      "model": .string(model), "messages": .array(messages(request)),
      "max_completion_tokens": .integer(Int64(answerTokens)), "store": false, "stream": true,
      "stream_options": ["include_usage": true],
    ]
    if let user = request.user { fields["user"] = .string(user) }
    let tools = OfferedTools(request)
    if !tools.descriptions.isEmpty {
      fields["tools"] = .array(tools.descriptions.map(tool))
      if !tools.mayBeCalled { fields["tool_choice"] = "none" }
    }
    return .object(fields)
  }

  private static func tool(_ tool: ToolDescription) -> JSONValue {
    [
      "type": "function",
      "function": [
        "name": .string(tool.name), "description": .string(tool.summary),
        "parameters": tool.parameters,
      ],
    ]
  }

  private static func messages(_ request: CompletionRequest) -> [JSONValue] {
    var messages: [JSONValue] = []
    if !request.instructions.isEmpty { messages.append(text("system", request.instructions)) }
    for exchange in request.history {
      messages += [text("user", exchange.text), text("assistant", exchange.reply)]
    }
    messages.append(text("user", request.text))
    var ids = CallIdentifiers { !$0.isEmpty }
    for batch in EndedBatch.batches(of: request.calls) {
      let named = batch.calls.map { (id: ids.identifier(of: $0.call), ended: $0) }
      messages.append([
        "role": "assistant", "content": batch.remark.map(JSONValue.string) ?? .null,
        "tool_calls": .array(named.map { call($0.ended.call, id: $0.id) }),
      ])
      messages += named.map { id, ended in
        [
          "role": "tool", "tool_call_id": .string(id),
          "content": .string(ended.result.textForModel),
        ]
      }
    }
    return messages
  }

  private static func text(_ role: String, _ content: String) -> JSONValue {
    ["role": .string(role), "content": .string(content)]
  }

  private static func call(_ call: ToolCall, id: String) -> JSONValue {
    [
      "id": .string(id), "type": "function",
      "function": [
        "name": .string(call.nameForModel),
        "arguments": .string(CanonicalJSON.text(call.argumentsForModel)),
      ],
    ]
  }
}
