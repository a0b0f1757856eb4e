import ArgumentParser
import UploadCore
import UploadServer

/// Shows one task.
struct TaskCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "task",
        abstract: "Shows one task: what is held and missing, what happened to it minute by minute, its callback.",
        discussion: """
            Reads the database file, whether the server runs or not, and changes nothing. Times are UTC.

            \(operatorExitCodes)
            """)

    private static let mapWidth: Int64 = 60
    private static let rangesShown = 10

    @ParentCommand var server: FuploadServer
    @OptionGroup var options: OperatorOptions

    @Argument(help: ArgumentHelp("The task's number.", valueName: "ID"))
    var id: TaskID

    func run() async throws {
        let door = try options.door(over: server)
        try await telling(json: options.json) {
            let report = try await door.report(of: id)
            if options.json { return print(try OperatorJSON.text(report)) }
            show(report)
        }
    }

    private func show(_ report: TaskReport) {
        let task = report.task
        var facts = TextTable(["task", "\(task.id)  \(task.state.rawValue)"])
        facts.add(["file", "\(task.file)  \(task.bytes) bytes, MD5 \(task.md5)"])
        facts.add(["goes to", task.targetPath])
        facts.add(["business server", "\(task.businessServer), user \(task.user)"])
        facts.add(["registered", task.createdAt.description])
        facts.add(["last activity", task.activeAt.description])
        if let end = report.expiresAt { facts.add(["ends by itself", end.description]) }
        if let closed = task.closedAt { facts.add(["closed", "\(closed)  \(task.reason)"]) }
        if let trouble = task.trouble { facts.add(["can't be finished", trouble]) }
        facts.add([
            "held",
            "\(task.receivedBytes) of \(task.bytes) bytes (\(percent(task.receivedBytes, of: task.bytes))) in \(report.blocks) blocks",
        ])
        let missing = report.held.missing(ofSize: task.bytes, limit: Self.rangesShown + 1)
        if !missing.isEmpty {
            let more = missing.count > Self.rangesShown ? ", …" : ""
            facts.add(["missing", missing.prefix(Self.rangesShown).map(\.description).joined(separator: ", ") + more])
            facts.add(["map", map(report)])
        }
        if let callback = report.callback { facts.add(["callback", summary(callback)]) }
        for line in facts.lines { print(line) }
        print("")
        for entry in report.timeline {
            print(oneLine("\(entry.at)  \(entry.what)\(entry.detail.isEmpty ? "" : ": " + entry.detail)"))
        }
    }

    /// `#` is held, `.` is missing, `+` is held in part.
    private func map(_ report: TaskReport) -> String {
        let (size, width) = (report.task.bytes, min(Self.mapWidth, max(1, report.task.bytes)))
        let cells = (0..<width).map { cell -> Character in
            let bounds = [cell, cell + 1].map { cell in
                // Wide enough for any file: the product of the two may not fit.
                size / width * cell + size % width * cell / width
            }
            guard let range = ByteRange(start: bounds[0], end: bounds[1]) else { return "#" }
            let missing = report.held.missing(in: range).reduce(0) { $0 + $1.count }
            return missing == 0 ? "#" : missing == range.count ? "." : "+"
        }
        return "[" + String(cells) + "]"
    }

    private func summary(_ callback: CallbackRecord) -> String {
        let result = callback.lastError ?? callback.lastStatus.map { "HTTP \($0)" }
        return "\(callback.id)  \(callback.state.rawValue), \(callback.attempts) attempts"
            + (result.map { ", the last: \($0)" } ?? "")
    }
}
