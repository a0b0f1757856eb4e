import Foundation
import Testing

@testable import UploadServer

/// The file that operators start from must tell the truth.
@Suite struct ConfigurationExampleTests {
    private typealias ServerKey = ConfigurationKey<ServerConfiguration>

    private static let path = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "conf/fupload.yml").path

    private let loader = ConfigurationLoader(environment: [:], flags: [:])

    /// The file with its `# key: value` lines turned into settings.
    private func uncommented() throws -> String {
        let setting = /^(?<indent> *)# (?<rest>[a-zA-Z0-9]+: \S+)$/
        return try String(contentsOfFile: Self.path, encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: false)
            .map { line in
                guard let match = line.wholeMatch(of: setting), !line.contains("secret:") else { return String(line) }
                return "\(match.indent)\(match.rest)"
            }
            .joined(separator: "\n")
    }

    @Test func runsAsItStands() throws {
        let loaded = try loader.load(file: Self.path)
        #expect(loaded.warnings.isEmpty)
        let servers = loaded.configuration.businessServers
        #expect(servers.map(\.token) == ["cp00000010103010301"])
        #expect(servers.map(\.identity) == ["cp1"])
        #expect(servers.map(\.notifyURL) == ["http://127.0.0.1:8090/api/business/fupload/callback"])
    }

    @Test func namesTheDefaultOfEveryKey() throws {
        let loaded = try loader.load(yaml: try uncommented())
        let given = loaded.describe().filter { $0.source == .file }.map(\.key)
        for key in ServerKey.all {
            #expect(given.contains(key.name), "the file does not tell the default of \(key.name)")
        }
        var expected = ServerConfiguration()
        expected.businessServers = loaded.configuration.businessServers
        #expect(loaded.configuration == expected)
    }

    @Test func namesTheSettingsOfBusinessServers() throws {
        let text = try String(contentsOfFile: Self.path, encoding: .utf8)
        for key in ConfigurationKey<ServerConfiguration.BusinessServer>.all {
            #expect(text.contains("    \(key.name): ") || text.contains("    # \(key.name): "))
        }
    }

    @Test func writesDefaultsAsItReadsThem() {
        for key in ServerKey.all {
            var configuration = ServerConfiguration()
            #expect(key.assign(key.text(configuration), &configuration), "\(key.name)")
            #expect(configuration == ServerConfiguration(), "\(key.name)")
        }
    }

    @Test func knowsTheVariableOfEveryKey() {
        let references = ConfigurationReference.all
        #expect(
            references.compactMap(\.variable) == [
                "FUPLOAD_ENV", "FUPLOAD_SERVER_HOST", "FUPLOAD_SERVER_PORT", "FUPLOAD_SERVER_ADDR",
                "FUPLOAD_SERVER_PROXY_ADDR", "FUPLOAD_SERVER_TLS_CERTIFICATE", "FUPLOAD_SERVER_TLS_KEY",
                "FUPLOAD_SERVER_ALLOWED_ORIGINS",
                "FUPLOAD_ADMIN_HOST", "FUPLOAD_ADMIN_PORT", "FUPLOAD_ADMIN_TOKEN",
                "FUPLOAD_TRUSTED_PROXIES", "FUPLOAD_MAX_CONNECTIONS", "FUPLOAD_HEADER_TIMEOUT", "FUPLOAD_MIN_RATE",
                "FUPLOAD_MIN_RATE_WINDOW", "FUPLOAD_REGISTRATIONS_PER_TOKEN", "FUPLOAD_REGISTRATIONS_PER_ADDRESS",
                "FUPLOAD_DATABASE", "FUPLOAD_CHECK_TMP_MD5", "FUPLOAD_TMP_DIR",
                "FUPLOAD_STORE_DIR", "FUPLOAD_TASK_TIMEOUT", "FUPLOAD_PAUSED_TIMEOUT", "FUPLOAD_RETENTION",
                "FUPLOAD_MAX_FILE_SIZE", "FUPLOAD_MAX_BLOCK_SIZE", "FUPLOAD_MAX_OPEN_TASKS",
                "FUPLOAD_MIN_FREE_SPACE", "FUPLOAD_MAX_REQUEST_BODY", "FUPLOAD_IO_THREADS",
                "FUPLOAD_CALLBACK_SCHEDULE", "FUPLOAD_CALLBACK_GIVE_UP_AFTER", "FUPLOAD_CALLBACK_TIMEOUT",
                "FUPLOAD_CALLBACK_CONCURRENCY", "FUPLOAD_CALLBACK_CA_FILE", "FUPLOAD_LOG_FORMAT", "FUPLOAD_LOG_LEVEL",
                "FUPLOAD_SHUTDOWN_TIMEOUT",
            ]
        )
        #expect(
            references.map(\.key).suffix(6).prefix(3) == [
                "bServer.<token>.name", "bServer.<token>.notifyUrl", "bServer.<token>.secret",
            ])
        #expect(references.filter { $0.defaultValue == nil }.map(\.key) == ["bServer.<token>.notifyUrl"])
        #expect(references.first { $0.key == "maxRequestBody" }?.defaultValue == "1MiB")
    }
}
