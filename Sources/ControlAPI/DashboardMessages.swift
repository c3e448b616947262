// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import FoundationEssentials

/// What the gateway asks for a browser. Whoever is behind it is decided by the supervisor, which made the
/// session: a gateway that was broken into has no session of its own.
public enum DashboardRequest: Sendable, Codable {
  case login(DashboardCredential, network: String)
  case logout(session: SealedSettings, proof: SealedSettings)
  case page(session: SealedSettings, DashboardAddress)
  /// - Parameter proof: What the form held, against forms of other sites (CSRF).
  case act(session: SealedSettings, proof: SealedSettings, DashboardAct)
}

/// What lets a browser in.
public enum DashboardCredential: Sendable, Codable {
  /// Of `kafclaw dashboard login`, good once.
  case code(SealedSettings)
  /// Of a client.
  case token(SealedSettings)
}

/// What the supervisor answers.
public enum DashboardReply: Sendable, Codable {
  /// A new session; its secret is for the browser's cookie.
  case session(SealedSettings, seconds: Int)
  /// There is no such session, code or token.
  case loginNeeded
  /// And the network that tried is locked out now.
  case locked(NetworkLock)
  /// The session may not do that, or its form is none of ours.
  case forbidden(String)
  case page(DashboardPage)
  /// What an act came to.
  case done(String)
  /// Why it was not done, and what to do.
  case failed(String, hint: String?)
}

/// The pages, by the last part of their path.
public enum DashboardPageName: String, Sendable, Codable, CaseIterable {
  case overview
  case changes
  case senders
  case approvals
  case trace
  case backups
  case audit
  case incident
}

/// A page with what it is asked about.
public struct DashboardAddress: Sendable, Codable, Equatable {
  public let name: DashboardPageName
  /// A message, for its trace.
  public let subject: String?

  public init(_ name: DashboardPageName, subject: String? = nil) {
    (self.name, self.subject) = (name, subject)
  }
}

/// A page: text alone, which whoever shows it has to escape.
public struct DashboardPage: Sendable, Codable {
  public let title: String
  /// Who is logged in.
  public let user: String
  /// What every page says on top: a containment, a standstill.
  public let banner: String?
  /// For the page's forms.
  public let proof: SealedSettings
  public var sections: [DashboardSection]
  public let at: Date

  public init(
    title: String, user: String, banner: String?, proof: SealedSettings,
    sections: [DashboardSection], at now: Date
  ) {
    (self.title, self.user, self.banner, self.proof) = (title, user, banner, proof)
    (self.sections, at) = (sections, now)
  }
}

/// How something stands.
public enum DashboardTone: String, Sendable, Codable {
  case plain
  case good
  case warning
  case bad
}

/// One table with what can be done about it.
public struct DashboardSection: Sendable, Codable {
  public let title: String
  public var note: String?
  public var columns: [String]
  public var rows: [DashboardRow]
  /// Lines as they are, such as a plan.
  public var text: String?
  public var forms: [DashboardForm]

  public init(
    _ title: String, note: String? = nil, columns: [String] = [], rows: [DashboardRow] = [],
    text: String? = nil, forms: [DashboardForm] = []
  ) {
    (self.title, self.note, self.columns) = (title, note, columns)
    (self.rows, self.text, self.forms) = (rows, text, forms)
  }
}

public struct DashboardRow: Sendable, Codable {
  public let cells: [String]
  public let tone: DashboardTone
  /// A message whose trace says more.
  public var trace: String?
  public var forms: [DashboardForm]

  public init(
    _ cells: [String], _ tone: DashboardTone = .plain, trace: String? = nil,
    forms: [DashboardForm] = []
  ) {
    (self.cells, self.tone, self.trace, self.forms) = (cells, tone, trace, forms)
  }
}

/// What can be done with one button.
public struct DashboardForm: Sendable, Codable {
  public struct Input: Sendable, Codable {
    public let name: String
    public let label: String
    /// What can be chosen; text where it is empty.
    public let choices: [String]
    public let isRequired: Bool

    public init(
      _ name: String, _ label: String, choices: [String] = [], isRequired: Bool = true
    ) {
      (self.name, self.label, self.choices) = (name, label, choices)
      self.isRequired = isRequired
    }
  }

  public let deed: DashboardAct.Deed
  public let label: String
  /// What it is done to.
  public let subject: String?
  public let inputs: [Input]
  public let tone: DashboardTone

  public init(
    _ deed: DashboardAct.Deed, _ label: String, subject: String? = nil, inputs: [Input] = [],
    tone: DashboardTone = .plain
  ) {
    (self.deed, self.label, self.subject) = (deed, label, subject)
    (self.inputs, self.tone) = (inputs, tone)
  }
}

/// What somebody did on a page.
public struct DashboardAct: Sendable, Codable {
  public enum Deed: String, Sendable, Codable, CaseIterable {
    case approve
    case deny
    case admit
    case refuse
    case acknowledge
    case reconcile
    case contain
    case restore
    case lift
  }

  public let deed: Deed
  public let subject: String?
  /// By the names of the form's inputs.
  public let values: [String: String]

  public init(_ deed: Deed, subject: String?, values: [String: String]) {
    (self.deed, self.subject, self.values) = (deed, subject, values)
  }
}
