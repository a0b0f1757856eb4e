import ArgumentParser
import UploadCore
import UploadServer

/// Callbacks: lists, shows, sends once more.
struct CallbacksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "callbacks",
        abstract: "Lists callbacks that were not taken, shows one, has them sent once more.",
        discussion: operatorExitCodes, subcommands: [List.self, Show.self, Replay.self], defaultSubcommand: List.self)
}

extension CallbacksCommand {
    /// Lists callbacks.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists callbacks, the newest first; those that were not taken, unless --state says otherwise.",
            discussion: operatorExitCodes)

        @ParentCommand var server: FuploadServer
        @OptionGroup var options: OperatorOptions

        @Option(help: ArgumentHelp("undelivered, all, pending, sending, dead or delivered.", valueName: "state"))
        var state = "undelivered"

        @Option(help: ArgumentHelp("Only those to this business server.", valueName: "name"))
        var businessServer: String?

        @Option(
            help: ArgumentHelp(
                "Only of tasks that closed then or later, in UTC: 2026-11-27 12:03.", valueName: "time"))
        var since: Timestamp?

        @Option(help: ArgumentHelp("Only of tasks that closed before.", valueName: "time"))
        var to: Timestamp?

        @Option(help: ArgumentHelp("At most so many.", valueName: "count"))
        var limit = 100

        func validate() throws {
            guard CallbackQuery.states(state) != nil else { throw ValidationError("--state does not know '\(state)'") }
            guard (1...1_000_000).contains(limit) else { throw ValidationError("--limit has to be from 1 to 1000000") }
        }

        func run() async throws {
            var query = CallbackQuery()
            query.states = CallbackQuery.states(state) ?? query.states
            (query.businessServer, query.since, query.to, query.limit) = (businessServer, since, to, limit)
            let door = try options.door(over: server)
            try await telling(json: options.json) {
                let list = try await door.ask { try await $0.callbacks(query) }
                if options.json { return print(try OperatorJSON.text(list)) }
                guard !list.callbacks.isEmpty else { return print("no callbacks") }
                var table = TextTable(
                    ["ID", "TASK", "STATE", "RETCODE", "ATTEMPTS", "SINCE", "NEXT", "SERVER", "LAST RESULT"],
                    right: [0, 1, 3, 4])
                for callback in list.callbacks {
                    table.add([
                        "\(callback.id)", callback.taskId.description, callback.state.rawValue, callback.retCode,
                        "\(callback.attempts)", callback.createdAt.description,
                        callback.nextAttemptAt?.description ?? "", callback.businessServer,
                        callback.lastError ?? callback.lastStatus.map { "HTTP \($0)" } ?? "",
                    ])
                }
                for line in table.lines { print(line) }
                if list.more { print("… and more: --limit") }
            }
        }
    }

    /// Shows one callback.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows one callback: its body, and each attempt.", discussion: operatorExitCodes)

        @ParentCommand var server: FuploadServer
        @OptionGroup var options: OperatorOptions

        @Argument(help: ArgumentHelp("The callback's number.", valueName: "ID"))
        var id: Int64

        func run() async throws {
            let door = try options.door(over: server)
            try await telling(json: options.json) {
                let report = try await door.callback(id)
                if options.json { return print(try OperatorJSON.text(report)) }
                let callback = report.callback
                print("callback \(callback.id) of task \(callback.taskId), webhook-id \(callback.webhookId)")
                print(oneLine("\(callback.state.rawValue), to \(callback.businessServer) at \(callback.destination)"))
                if let next = callback.nextAttemptAt { print("due \(next)") }
                print(oneLine(report.body))
                for attempt in report.attempts {
                    let result = attempt.error ?? attempt.status.map { "HTTP \($0)" } ?? ""
                    print(oneLine("\(attempt.startedAt)  \(attempt.attempt)  \(attempt.durationMs) ms  \(result)"))
                }
            }
        }
    }

    /// Has callbacks sent once more.
    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Has callbacks sent once more: those that are named, or those of a stretch of time.",
            discussion: """
                They go out as they were, under the same webhook-id, to the business server's present notifyUrl. By \
                default only those that were given up; --state delivered for a receiver that lost what it took.

                Asks the running server, by its admin listener; where none runs, they are due at its next start.

                \(operatorExitCodes)
                """)

        @ParentCommand var server: FuploadServer
        @OptionGroup var options: OperatorOptions
        @OptionGroup var admin: AdminOptions

        @Option(
            name: .customLong("id"), parsing: .upToNextOption,
            help: ArgumentHelp("These, whatever their state.", valueName: "number"))
        var ids: [Int64] = []

        @Option(
            help: ArgumentHelp(
                "Those of tasks that closed then or later, in UTC: 2026-11-27 12:03.", valueName: "time"))
        var since: Timestamp?

        @Option(help: ArgumentHelp("Only of tasks that closed before.", valueName: "time"))
        var to: Timestamp?

        @Option(help: ArgumentHelp("dead, delivered or all. (default: dead)", valueName: "state"))
        var state: String?

        @Option(help: ArgumentHelp("Only those to this business server.", valueName: "name"))
        var businessServer: String?

        func validate() throws {
            if ids.isEmpty {
                guard since != nil else { throw ValidationError("--id or --since has to be there") }
                guard ReplaySelection.states(state ?? "dead") != nil else {
                    throw ValidationError("--state has to be dead, delivered or all")
                }
            } else {
                guard since == nil, to == nil, state == nil, businessServer == nil else {
                    throw ValidationError("--id says all: leave --since, --to, --state and --business-server out")
                }
                guard ids.count <= 1000 else { throw ValidationError("--id takes at most 1000 numbers") }
            }
        }

        func run() async throws {
            let selection: ReplaySelection =
                if ids.isEmpty, let since {
                    .span(
                        since: since, to: to, states: ReplaySelection.states(state ?? "dead") ?? [.dead],
                        businessServer: businessServer)
                } else {
                    .ids(ids)
                }
            let door = try options.door(over: server, admin: admin.admin)
            try await telling(json: options.json) {
                let outcome = try await door.replay(selection)
                if options.json { return print(try OperatorJSON.text(outcome)) }
                let left = outcome.left > 0 ? ", \(outcome.left) are being sent already" : ""
                print("\(outcome.replayed) callbacks are due now\(left)")
            }
        }
    }
}
