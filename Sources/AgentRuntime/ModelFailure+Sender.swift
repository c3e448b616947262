// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ModelProviders

extension ModelFailure {
  /// What whoever asked is told: nothing of the provider's own words.
  var textForSender: String {
    switch self.class {
    case .rateLimited, .overloaded, .transient:
      "The model did not answer. Try again in a while."
    case .money: "The model is not available: its budget is used up. The operators see it."
    case .contextLength: "This conversation is too long for the model. Begin a new session."
    case .contentFilter: "The model refused to answer this."
    case .truncated: "The model's answer was cut off before it was complete."
    case .invalid, .authentication, .malformed:
      "The model could not be asked. The operators see why."
    }
  }
}
