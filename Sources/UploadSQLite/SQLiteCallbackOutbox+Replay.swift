import GRDB
import UploadCore

extension SQLiteCallbackOutbox {
    /// One transaction: looks for the rows, and makes them pending and due, at the receiver's present URL.
    public func replay(
        _ selection: ReplaySelection, to destinations: [String: String]
    ) async throws -> ReplayOutcome {
        try await database.write { db in
            let rows = Self.rows(of: selection)
            if case .ids(let ids) = selection {
                for id in ids where try db.row(OperatorStatements.callback, [id]) == nil {
                    throw UploadError(.noSuchTask, "there is no callback \(id)")
                }
            }
            let left = try Int.fetchOne(
                db, sql: "SELECT count(*) FROM callbacks WHERE state = 'sending' AND \(rows.sql)",
                arguments: StatementArguments(rows.arguments))
            // Of one that is closed, its destination may be of long ago.
            let cases = destinations.isEmpty ? "" : destinations.map { _ in " WHEN ? THEN ?" }.joined()
            let addresses = destinations.flatMap { [$0.key, $0.value] as [any DatabaseValueConvertible] }
            try db.execute(
                sql: """
                    UPDATE callbacks SET state = 'pending', settled_at = NULL, next_attempt_at = ?,
                        destination = \(cases.isEmpty ? "destination" : "CASE business_server\(cases) ELSE destination END")
                    WHERE state <> 'sending' AND \(rows.sql)
                    """,
                arguments: StatementArguments([database.now().description] + addresses + rows.arguments))
            return ReplayOutcome(replayed: db.changesCount, left: left ?? 0)
        }
    }

    private static func rows(of selection: ReplaySelection) -> OperatorStatements.Question {
        switch selection {
        case .ids(let ids):
            ("id IN (\(ids.map { _ in "?" }.joined(separator: ", ")))", ids as [any DatabaseValueConvertible])
        case .span(let since, let to, let states, let businessServer):
            OperatorStatements.selection(states: states, since: since, to: to, businessServer: businessServer)
        }
    }
}
