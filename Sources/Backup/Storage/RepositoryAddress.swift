// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// Where a repository is, as text: the same place is the same text.
public enum RepositoryAddress {
  public static let remotePrefix = "s3://"

  /// Without what can be left out. What cannot be read stays as it is.
  public static func normal(_ text: String) -> String {
    guard text.hasPrefix(remotePrefix) else {
      return text.count > 1 && text.hasSuffix("/") ? String(text.dropLast()) : text
    }
    // `try?`: who opens it tells what is wrong with it.
    return (try? S3Address(text))?.text ?? text
  }
}
