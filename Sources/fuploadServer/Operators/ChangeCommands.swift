import ArgumentParser
import UploadCore
import UploadServer

/// Changes a task's state.
protocol ChangeCommand: AsyncParsableCommand {
    static var request: StateRequest { get }
    static var done: String { get }
    var server: FuploadServer { get }
    var change: ChangeOptions { get }
}

/// What all of them take.
struct ChangeOptions: ParsableArguments {
    @OptionGroup var source: ConfigurationOptions
    @OptionGroup var admin: AdminOptions

    @Option(help: ArgumentHelp("One line on why, for the task's history.", valueName: "text"))
    var reason = ""

    @Argument(help: ArgumentHelp("The task's number.", valueName: "ID"))
    var id: TaskID

    func validate() throws {
        guard reason.count <= 200, !reason.contains(where: \.isNewline) else {
            throw ValidationError("--reason has to be one line of at most 200 characters")
        }
    }
}

extension ChangeCommand {
    func run() async throws {
        let configuration = try change.source.load(over: server.source).configuration
        try await telling(json: false) {
            try await OperatorDoor(configuration, admin: change.admin.admin)
                .change(change.id, Self.request, note: change.reason)
            print("task \(change.id) \(Self.done)")
        }
    }

    static func described(_ name: String, _ abstract: String, _ effect: String) -> CommandConfiguration {
        CommandConfiguration(
            commandName: name, abstract: abstract,
            discussion: """
                \(effect)

                Asks the running server, by its admin listener; where none runs, works on the database file itself.

                \(operatorExitCodes)
                """)
    }
}

/// Gives a task up.
struct CancelCommand: ChangeCommand {
    static let configuration: CommandConfiguration = described(
        "cancel", "Cancels an open task.",
        "Its bytes are removed, it is closed, and the business server is called back with retCode -3, as when the client cancels."
    )
    static let request = StateRequest.cancel
    static let done = "is cancelled"

    @ParentCommand var server: FuploadServer
    @OptionGroup var change: ChangeOptions
}

/// Refuses a task's blocks for a while.
struct PauseCommand: ChangeCommand {
    static let configuration: CommandConfiguration = described(
        "pause", "Pauses a task.", "Its blocks are answered with retCode 4 until it is resumed.")
    static let request = StateRequest.pause
    static let done = "is paused"

    @ParentCommand var server: FuploadServer
    @OptionGroup var change: ChangeOptions
}

/// Takes a task's blocks again.
struct ResumeCommand: ChangeCommand {
    static let configuration: CommandConfiguration = described(
        "resume", "Resumes a paused task.", "Its blocks are taken again.")
    static let request = StateRequest.upload
    static let done = "takes blocks again"

    @ParentCommand var server: FuploadServer
    @OptionGroup var change: ChangeOptions
}
