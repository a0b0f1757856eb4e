import ArgumentParser
import Foundation
import Logging
import UploadServer

/// Parses the flags, loads the configuration, serves.
@main
struct FuploadServer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fuploadServer",
        abstract: "Receives files in blocks, verifies and stores them, and calls the business server back.",
        discussion: """
            Every key of the configuration file can be overridden: by --set KEY=VALUE, and by the environment variable \
            FUPLOAD_ and the key in capitals, e.g. FUPLOAD_SERVER_PORT for server.port. SIGTERM stops the server in \
            order; a second one at once. Exit codes: 0 stopped in order, 1 could not start or failed, 64 usage, \
            78 the configuration has faults.
            """,
        version: Version.description)

    @Option(name: [.customShort("c"), .customLong("config")], help: "The configuration file.")
    var config = "./conf/fupload.yml"

    @Option(name: .customLong("set"), help: ArgumentHelp("Overrides one key.", valueName: "key=value"))
    var overrides: [String] = []

    @Flag(name: .customLong("check-config"), help: "Checks the configuration, prints what is in effect, and exits.")
    var checkConfig = false

    mutating func run() async throws {
        let loaded = try load()
        if checkConfig { return describe(loaded) }
        let settings = loaded.configuration
        let level = Logger.Level(rawValue: settings.logLevel) ?? .info
        let logger = Logger(label: "fuploadServer") { _ in LineLogHandler(format: settings.logFormat, level: level) }
        for warning in loaded.warnings { logger.warning("\(warning)") }
        do {
            try await Server(settings, logger: logger).run()
        } catch {
            logger.critical("\(error)")
            throw ExitCode.failure
        }
    }

    private func load() throws -> LoadedConfiguration {
        var flags: [String: String] = [:]
        for override in overrides {
            guard let split = override.firstIndex(of: "=") else {
                throw ValidationError("--set needs key=value, got '\(override)'")
            }
            flags[String(override[..<split])] = String(override[override.index(after: split)...])
        }
        do {
            return try ConfigurationLoader(environment: ProcessInfo.processInfo.environment, flags: flags).load(
                file: config)
        } catch {
            report("\(error)")
            // EX_CONFIG of sysexits.h.
            throw ExitCode(78)
        }
    }

    private func describe(_ loaded: LoadedConfiguration) {
        for setting in loaded.describe() { print("\(setting.key): \(setting.value)  # \(setting.source)") }
        for warning in loaded.warnings { report("warning: \(warning)") }
        print("the configuration is good")
    }

    private func report(_ text: String) {
        FileHandle.standardError.write(Data("\(text)\n".utf8))
    }
}
