// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// A message on its way, as it should be.
struct TenantTurn {
  let id: MessageID
  let message: InboundMessage
  let conversation: Conversation
  var attempts = 0
  var steps: [TurnStep] = []
  /// What it waits for.
  var approval: ApprovalID?
  var worker: String?
  /// Calls whose approval was denied.
  var refused: Set<Int> = []

  /// The call whose end is not recorded.
  var openCall: ToolCall? {
    switch steps.last {
    case .intent(let call): call
    case .authorised, .result, nil: nil
    }
  }

  var calls: Int {
    steps.reduce(0) { count, step in if case .intent = step { count + 1 } else { count } }
  }

  /// Where text of this turn alone came from.
  var taint: Set<TaintSource> {
    var taint: Set<TaintSource> = message.isFromBot ? [.bots] : []
    var tools: [Int: String] = [:]
    for step in steps {
      switch step {
      case .intent(let call): tools[call.index] = call.tool
      case .authorised, .result(_, .outcomeUnknown): continue
      case .result(let index, _):
        if tools[index] == ToolName.readFile { taint.insert(.files) }
        if tools[index] == ToolName.webFetch { taint.insert(.web) }
      }
    }
    return taint
  }
}

/// What should be true of an appliance with several tenants.
struct TenantModel {
  struct Said {
    let message: InboundMessage
    let exchange: Exchange
    let taint: Set<TaintSource>
  }

  var scopes: [String: SessionScope] = [:]
  /// Senders that are denied everywhere, as bytes.
  var denied: Set<[UInt8]> = []
  /// What has not ended, in order; only the first of each runs or waits.
  var open: [Conversation: [TenantTurn]] = [:]
  private(set) var said: [Conversation: [Said]] = [:]
  /// Uses that operators gave and nobody took yet.
  var uses: [CallKey: Int] = [:]
  private var marks: [Conversation: Int] = [:]
  var admitted = 0
  var failed = 0

  /// Stands in every text of a conversation and in no other.
  mutating func mark(of conversation: Conversation) -> String {
    let number = marks[conversation] ?? marks.count
    marks[conversation] = number
    return "<<\(number)>>"
  }

  func isDenied(_ message: InboundMessage) -> Bool {
    message.sender.map { denied.contains(Array($0.utf8)) } ?? false
  }

  /// What a turn of the conversation is shown of earlier ones.
  func history(of conversation: Conversation) -> ArraySlice<Said> {
    said[conversation, default: []].suffix(20)
  }

  /// Nobody is on a list: a client that names no sender is internal, everybody else unknown.
  func inherited(by turn: TenantTurn) -> Set<TaintSource> {
    history(of: turn.conversation).reduce(into: []) { taint, said in
      taint.formUnion(said.taint)
      if turn.message.sender == nil && said.message.sender != nil { taint.insert(.senders) }
    }
  }

  var running: [TenantTurn] {
    heads.filter { $0.worker != nil }
  }

  var waiting: [TenantTurn] {
    heads.filter { $0.approval != nil }
  }

  var hasReady: Bool { heads.contains { $0.worker == nil && $0.approval == nil } }

  /// First messages, always in the same order for the same seed.
  private var heads: [TenantTurn] {
    open.values.compactMap(\.first).sorted { $0.message.text < $1.message.text }
  }

  mutating func update(_ turn: TenantTurn) { open[turn.conversation]?[0] = turn }

  mutating func answer(_ turn: TenantTurn, _ reply: String) {
    let taint = inherited(by: turn).union(turn.taint)
    said[turn.conversation, default: []].append(
      Said(
        message: turn.message, exchange: Exchange(text: turn.message.text, reply: reply),
        taint: taint))
    open[turn.conversation]?.removeFirst()
  }

  /// The worker of a turn is gone.
  mutating func lose(_ turn: TenantTurn) {
    var turn = turn
    turn.worker = nil
    update(turn)
    guard turn.attempts >= 5 else { return }
    open[turn.conversation]?.removeFirst()
    failed += 1
  }
}
