// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Testing

@testable import Doctor

/// Which variables hold a secret.
struct SecretsNameTests {
  private static func isSecret(_ name: String, _ value: String) -> Bool {
    SensitiveName.isSecret(name, ArraySlice(value.utf8))
  }

  @Test(arguments: [
    "TOKEN", "API_TOKEN", "KAFCLAW_GATEWAY_AUTH_TOKEN", "TOKEN_2", "GITHUB_TOKEN", "AUTHTOKEN",
    "botToken", "slack.bot.token", "SLACK-BOT-TOKEN", "INPUT_TOKEN", "RATE_LIMIT_TOKEN", "TOKENS",
    "API_TOKENS", "REFRESH_TOKEN_OLD", "SECRET", "CLIENT_SECRET", "KAFCLAW_OAUTH_CLIENT_SECRET",
    "SLACK_SIGNING_SECRET", "SECRETS", "VAULT_SECRET_ID", "SECRET_KEY_BASE", "secretKey",
    "WEBHOOK_SECRET", "PASSWORD", "DB_PASSWORD", "MSTEAMS_APP_PASSWORD", "PGPASSWORD", "PASSWD",
    "ROOT_PASSWD", "PASSPHRASE", "SSH_KEY_PASSPHRASE", "SMTP_PASS", "MYSQL_PWD", "API_KEY",
    "APIKEY",
    "OPENAI_API_KEY", "API_KEY_OPENAI", "OPENAI_APIKEY", "NEXT_PUBLIC_API_KEY", "API_KEYS",
    "ACCESS_KEY", "AWS_SECRET_ACCESS_KEY", "MINIO_ACCESS_KEY", "PRIVATE_KEY", "SSH_PRIVATE_KEY",
    "PRIVATE_KEY_PEM", "MASTER_KEY", "KAFCLAW_OAUTH_MASTER_KEY", "ENCRYPT_KEY", "ENCRYPTION_KEY",
    "FEISHU_ENCRYPT_KEY", "SIGNING_KEY", "TOKEN_SIGNING_KEY", "STORAGE_KEY", "LFS_KEY", "KEY",
    "HMAC_KEY_1", "awsKey", "DSN", "SENTRY_DSN", "MYSQL_DSN", "COOKIE", "SESSION_COOKIE",
    "COOKIE_SECRET", "CREDENTIAL", "GOOGLE_CREDENTIALS", "AZURE_CREDS", "NPM_AUTH", "BASIC_AUTH",
    "REDIS_AUTH", "SASL_PASSWORD_FILE_TOKEN", "token", "Token",
  ])
  func saysSecret(name: String) {
    #expect(Self.isSecret(name, "correct horse battery"))
    #expect(!Self.isSecret(name, ""))
    #expect(!Self.isSecret(name, " \t"))
  }

  @Test(arguments: [
    "MAX_TOKENS", "MAX_OUTPUT_TOKENS", "KAFCLAW_MODEL_MAX_TOKENS", "maxTokens", "MAXTOKENS",
    "MAX_NEW_TOKENS", "MAX_TOKEN", "TOKEN_LIMIT", "DAILY_TOKEN_LIMIT", "TOKENS_PER_DAY",
    "PROMPT_TOKENS", "TOKENIZER", "TOKENIZER_MODEL", "TOKENIZERS_PARALLELISM", "OUTPUT_TOKEN_COUNT",
    "TOKEN_BUDGET", "TOKEN_TTL", "TOKEN_TYPE", "TOKEN_FILE", "KAFCLAW_TOKEN_FILE", "TOKEN_PATH",
    "OAUTH_TOKEN_URL", "KAFCLAW_OAUTH_TOMB_FILE", "KAFCLAW_OAUTH_KEY_BACKEND", "PASSWORD_FILE",
    "PASSWORD_MIN_LENGTH", "PASSWORD_STORE_DIR", "SECRET_NAME", "SECRET_MANAGER_PROJECT",
    "PUBLIC_KEY", "SSH_PUBLIC_KEY", "KEY_ID", "AWS_ACCESS_KEY_ID", "TLS_KEY_FILE", "SSH_KEY_PATH",
    "KEY_TYPE", "PARTITION_KEY", "JIRA_PROJECT_KEY", "RECAPTCHA_SITE_KEY", "AUTHORIZED_KEYS",
    "COOKIE_NAME", "COOKIE_DOMAIN", "COOKIE_MAX_AGE", "CREDENTIALS_FILE", "AUTH", "AUTH_METHOD",
    "GOOGLE_AUTH_MODE", "SENTRY_DSN_FILE", "WEBHOOK_PORT", "KEYCLOAK_REALM", "MONKEY", "KEYBOARD",
    "COMPASS", "PWD", "OLDPWD", "AUTHOR", "HOME", "PATH", "LANG", "LOG_LEVEL", "MODEL", "", "_",
    "KAFCLAW_GATEWAY_HOST", "KAFCLAW_HOME", "DATABASE_URL", "PASSAGE", "DSNAME", "SECRETARY_NAME",
  ])
  func saysNoSecret(name: String) {
    #expect(!Self.isSecret(name, "correct horse battery"))
    #expect(!Self.isSecret(name, "4096"))
  }

  @Test(arguments: [
    ("TOKENS", "4096"), ("CLIENT_TOKENS", "128_000"), ("USE_TOKEN", "1"),
    ("REQUIRE_PASSWORD", "true"),
    ("BASIC_AUTH", "off"), ("SMTP_AUTH", "PLAIN"), ("KAFKA_AUTH", "sasl"), ("API_KEY", "none"),
    ("COOKIE_SECRET", "false"), ("GOOGLE_APPLICATION_CREDENTIALS", "/home/x/key.json"),
    ("TLS_KEY", "/etc/ssl/private/tls.key"), ("SSH_KEY", "~/.ssh/id_ed25519"),
    ("PRIVATE_KEY", "./keys/own.pem"), ("SLACK_WEBHOOK_URL", "https://hooks.example.org"),
    ("WEBHOOK_URL", "https://hooks.example.org/"), ("OUTBOUND_PROXY", "http://proxy:3128"),
    ("DATABASE_URL", "postgres://db.example.org/app"), ("REPOSITORY", "ssh://git@example.org/x"),
    ("DATABASE_URL", "postgres://user@db.example.org/app"),
    ("DATABASE_URL", "postgres://user:${PASSWORD}@db.example.org/app"),
    ("PROFILE", "https://example.org:8080/@user"), ("LINK", "https://example.org/?page=2&key=a"),
    ("AWS_ACCESS_KEY_ID", "AKIAFAKEFAKEFAKEFAK1"), ("MOTTO", "a:b@c"),
  ])
  func aSettingIsNoSecret(name: String, value: String) {
    #expect(!Self.isSecret(name, value))
  }

  @Test(arguments: [
    ("TOKENS", "4096a"), ("TOKEN", "123456"), ("PASSWORD", "1"), ("PASSWORD", "basic"),
    ("PASSWORD", "/4Zq+x9"), ("API_KEY", "/x8JdpQ2o0TzN4mWf5yKcVb1s7hR3gEuA6iLtXwPkCq="),
    ("DATABASE_URL", "postgres://user:pass@db.example.org/app"),
    ("DATABASE_URL", "jdbc:postgresql://db/app?user=a&password=b"),
    ("CACHE", "redis://:pass@cache.example.org"), ("BROKERS", "host:9092,kafka://u:p@host:9092"),
    ("LINK", "https://example.org/report?sig=AbC"),
    ("SLACK_WEBHOOK", "https://hooks.example.org/T0/B0"),
    ("MSTEAMS_OUTBOUND_URL", "https://example.org/hook?x=1"), ("NOTE", "ghp_FAKEFAKEFAKEFAKEFAKE1"),
    ("MODEL", "sk-FAKEFAKEFAKEFAKE1"), ("MAX_TOKENS", "sk-FAKEFAKEFAKEFAKE1"),
    ("EXTRA", "-----BEGIN PRIVATE KEY-----"), ("KEY_ID", "ghp_FAKEFAKEFAKEFAKEFAKE1"),
    ("SESSION", "eyJmYWtl.eyJmYWtl.ZmFrZQ"),
  ])
  func aSecretIsFoundByWhatItIs(name: String, value: String) {
    #expect(Self.isSecret(name, value))
  }

  @Test func anyBytesAreJudged() {
    let names = ["A", "A_TOKEN", "TOKENS", "A_KEY", "A_AUTH", "WEBHOOK_URL", "KEY_ID"]
    for name in names {
      for first in UInt8.min...UInt8.max {
        for bytes in [[first], [first, first], Array("a://".utf8) + [first], [first, 0x3A, 0x40]] {
          _ = SensitiveName.isSecret(name, bytes[...])
          _ = SensitiveName.isSecret(name, ([0x20] + bytes)[1...])
        }
      }
    }
    #expect(SensitiveName.isSecret("A_TOKEN", [0xFF, 0x00, 0xC3][...]))
    #expect(!SensitiveName.isSecret("A", Array("https://user:@host".utf8)[...]))
  }

  @Test func whatStandsInThePlaceOfANameIsNotShown() {
    #expect(SensitiveName.shown("A_TOKEN") == "A_TOKEN")
    #expect(SensitiveName.shown("ghp_FAKEFAKEFAKEFAKEFAKE1") == "<redacted>")
    #expect(SensitiveName.shown(String(repeating: "A", count: 200)).utf8.count < 100)
  }
}
