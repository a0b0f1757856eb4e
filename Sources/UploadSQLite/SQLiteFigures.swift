import GRDB
import UploadCore

/// ``FigureSource`` on SQLite.
public struct SQLiteFigures: FigureSource {
    private let database: UploadDatabase

    /// The figures of this database.
    public init(_ database: UploadDatabase) {
        self.database = database
    }

    /// One snapshot: a row for each business server, and the indexes of what is not receiving or waits.
    public func figures() async throws -> ServiceFigures {
        try await database.read { db in
            var figures = ServiceFigures()
            if let row = try db.row(FigureStatements.totals, []) {
                (figures.promisedBytes, figures.missingBytes) = (row["file_bytes"], row["missing_bytes"])
                figures.openTasks[.receiving] = row["open_tasks"]
            }
            for state in [TaskState.paused, .verifying, .publishing] {
                let count: Int = try db.row(FigureStatements.openInState, [state.rawValue])?["tasks"] ?? 0
                figures.openTasks[state] = count
                figures.openTasks[.receiving, default: 0] -= count
            }
            if let row = try db.row(FigureStatements.pendingCallbacks, []) {
                figures.waitingCallbacks = row["callbacks"]
                figures.oldestWaiting = try row.time("oldest", of: "callbacks")
                figures.nextDue = try row.time("due", of: "callbacks")
            }
            figures.sendingCallbacks = try db.row(FigureStatements.sendingCallbacks, [])?["callbacks"] ?? 0
            figures.waitingCallbacks += figures.sendingCallbacks
            figures.deadCallbacks = try db.row(FigureStatements.deadCallbacks, [])?["callbacks"] ?? 0
            return figures
        }
    }
}

/// Its SQL.
enum FigureStatements {
    static let totals = """
        SELECT coalesce(sum(open_tasks), 0) AS open_tasks, coalesce(sum(file_bytes), 0) AS file_bytes,
               coalesce(sum(missing_bytes), 0) AS missing_bytes
        FROM open_totals
        """

    static let openInState = "SELECT count(*) AS tasks FROM tasks WHERE closed_at IS NULL AND state = ?"

    static let pendingCallbacks = """
        SELECT count(*) AS callbacks, min(created_at) AS oldest, min(next_attempt_at) AS due
        FROM callbacks WHERE state = 'pending'
        """

    static let sendingCallbacks = "SELECT count(*) AS callbacks FROM callbacks WHERE state = 'sending'"

    static let deadCallbacks = "SELECT count(*) AS callbacks FROM callbacks WHERE state = 'dead'"

    /// For the test of their plans.
    static let all = [
        ("totals", totals), ("openInState", openInState), ("pendingCallbacks", pendingCallbacks),
        ("sendingCallbacks", sendingCallbacks), ("deadCallbacks", deadCallbacks),
    ]
}
