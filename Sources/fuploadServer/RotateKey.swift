import ArgumentParser
import UploadServer

/// Replaces the secret of task keys.
struct RotateKey: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate-key",
        abstract: "Adds a new secret for the keys in task URLs.",
        discussion: """
            A running server takes it up at SIGHUP, another one at its start. Tasks that are open keep the secret they \
            were registered under; it is dropped when the last of them has closed.

            Exit codes: 0 the secret is added, 1 it is not; 64 usage, 78 the configuration has faults.
            """)

    @ParentCommand var server: FuploadServer
    @OptionGroup var source: ConfigurationOptions

    func run() throws {
        let loaded = try source.load(over: server.source)
        do {
            print(try KeyRotation.run(loaded.configuration))
        } catch {
            complain("\(error)")
            throw ExitCode.failure
        }
    }
}
