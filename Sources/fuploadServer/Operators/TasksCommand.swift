import ArgumentParser
import UploadCore
import UploadServer

/// Lists tasks.
struct TasksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tasks",
        abstract: "Lists tasks: what is uploaded, by whom, how far it is.",
        discussion: """
            Reads the database file, whether the server runs or not, and changes nothing. Times are UTC.

            \(operatorExitCodes)
            """)

    @ParentCommand var server: FuploadServer
    @OptionGroup var options: OperatorOptions

    @Option(
        help: ArgumentHelp(
            "open, closed, all, or one of receiving, paused, verifying, publishing, finished, failed, cancelled, timedOut.",
            valueName: "state"))
    var state = "open"

    @Option(help: ArgumentHelp("Only tasks of this business server.", valueName: "name"))
    var businessServer: String?

    @Option(help: ArgumentHelp("Only tasks of this user.", valueName: "name"))
    var user: String?

    @Option(help: ArgumentHelp("Only tasks for files of this name.", valueName: "name"))
    var file: String?

    @Option(
        help: ArgumentHelp(
            "Only tasks whose file name or user has this in it, or whose number it is.", valueName: "text"))
    var search: String?

    @Option(help: "What they are ordered by: activity, created, size or progress.")
    var sort = TaskQuery.Sort.activity

    @Flag(help: "The oldest, the smallest or the least far first.")
    var ascending = false

    @Option(help: ArgumentHelp("At most so many.", valueName: "count"))
    var limit = 100

    func validate() throws {
        guard TaskQuery.states(state) != nil else { throw ValidationError("--state does not know '\(state)'") }
        guard (1...1_000_000).contains(limit) else { throw ValidationError("--limit has to be from 1 to 1000000") }
    }

    func run() async throws {
        var query = TaskQuery()
        query.states = TaskQuery.states(state) ?? query.states
        (query.businessServer, query.user, query.file, query.search) = (businessServer, user, file, search)
        (query.sort, query.isDescending, query.limit) = (sort, !ascending, limit)
        let door = try options.door(over: server)
        try await telling(json: options.json) {
            let list = try await door.ask { try await $0.tasks(query) }
            if options.json { return print(try OperatorJSON.text(list)) }
            show(list)
        }
    }

    private func show(_ list: TaskList) {
        guard !list.tasks.isEmpty else { return print("no tasks") }
        var table = TextTable(
            ["ID", "STATE", "HELD", "OF", "PERCENT", "LAST ACTIVITY", "SERVER", "USER", "FILE"], right: [0, 2, 3, 4])
        for task in list.tasks {
            table.add([
                task.id.description, task.state.rawValue, size(task.receivedBytes), size(task.bytes),
                percent(task.receivedBytes, of: task.bytes), task.activeAt.description, task.businessServer, task.user,
                task.file,
            ])
        }
        for line in table.lines { print(line) }
        if list.more { print("… and more: --limit") }
    }
}
