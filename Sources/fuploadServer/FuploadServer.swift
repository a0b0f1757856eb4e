import ArgumentParser
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
            order; a second one at once. SIGHUP reads the certificate, the secrets of task keys and logLevel again. Exit codes: 0 stopped in order, 1 could not start or failed, 64 usage, \
            78 the configuration has faults.
            """,
        version: Version.description,
        subcommands: [
            BackupCommand.self, CallbacksCommand.self, CancelCommand.self, ConfigCommand.self, DoctorCommand.self,
            MigrateCommand.self, PauseCommand.self, RestoreCommand.self, ResumeCommand.self, RotateKey.self,
            TaskCommand.self, TasksCommand.self,
        ])

    @OptionGroup var source: ConfigurationOptions

    @Flag(name: .customLong("check-config"), help: "Checks the configuration, prints what is in effect, and exits.")
    var checkConfig = false

    mutating func run() async throws {
        let loaded = try source.load()
        if checkConfig { return describe(loaded) }
        let settings = loaded.configuration
        let threshold = LogThreshold(settings.level)
        let logger = Logger(label: "fuploadServer") { _ in
            LineLogHandler(format: settings.logFormat, threshold: threshold)
        }
        // Whatever ends the server, its last words are what somebody looks for.
        defer { LogWriter.standardError.drain() }
        // Before the first line: what it does for the process comes before threads, and the log has one.
        let server = Server(loaded, logger: logger, threshold: threshold) { [source] in try source.read() }
        for warning in loaded.warnings { logger.warning("\(warning)") }
        do {
            try await server.run()
        } catch {
            logger.critical("\(error)")
            throw ExitCode.failure
        }
    }

    private func describe(_ loaded: LoadedConfiguration) {
        for setting in loaded.describe() { print("\(setting.key): \(setting.value)  # \(setting.source)") }
        for warning in loaded.warnings { complain("warning: \(warning)") }
        print("the configuration is good")
    }
}
