import ArgumentParser
import UploadCore
import UploadServer

/// What all commands for operators take.
struct OperatorOptions: ParsableArguments {
    @OptionGroup var source: ConfigurationOptions

    @Flag(help: "Prints JSON, as the admin API has it.")
    var json = false

    /// - Parameter server: what stood before the command's name.
    func door(over server: FuploadServer, admin: String? = nil) throws -> OperatorDoor {
        OperatorDoor(try source.load(over: server.source).configuration, admin: admin)
    }
}

/// Where the running server is asked to change something.
struct AdminOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The running server's admin listener. (default: by admin.host and admin.port)", valueName: "url"))
    var admin: String?
}

/// Runs a command's work, and says why it could not be done.
///
/// - Parameter json: whether that is said to a program.
func telling(json: Bool, _ work: () async throws -> Void) async throws {
    do {
        try await work()
    } catch let failure as CommandFailure {
        throw try tell(failure, json: json)
    }
}

/// What exit codes mean, the same for all of these commands.
let operatorExitCodes = """
    Exit codes: 0 done, 1 refused: there is no such thing, or its state does not allow it; 2 it could not look: there is no \
    database, it can't be read, or the running server can't be reached; 64 usage, 78 the configuration has faults.
    """

extension TaskID: ExpressibleByArgument {
    /// A decimal number.
    public init?(argument: String) { self.init(argument) }
}

extension Timestamp: ExpressibleByArgument {
    /// UTC, of which the end may be missing.
    public init?(argument: String) { self.init(lenient: argument) }
}

extension TaskQuery.Sort: ExpressibleByArgument {}
