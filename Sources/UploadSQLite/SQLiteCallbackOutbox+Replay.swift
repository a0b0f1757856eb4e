import GRDB
import UploadCore

extension SQLiteCallbackOutbox {
    /// Rows that change in one transaction: blocks wait for it.
    static let replayPortion = 500

    /// One transaction for rows that are named. Those of a stretch of time are looked for in snapshots, since no index has
    /// them all, and changed in portions.
    public func replay(
        _ selection: ReplaySelection, to destinations: [String: String]
    ) async throws -> ReplayOutcome {
        switch selection {
        case .ids(let ids): return try await replay(ids, everyOne: true, to: destinations)
        case .span(let since, let to, let states, let businessServer):
            return try await replay(to: destinations) {
                OperatorStatements.selection(states: states, since: since, to: to, businessServer: businessServer)
            }
        }
    }

    /// In portions.
    ///
    /// - Parameter rows: which ones.
    private func replay(
        to destinations: [String: String], rows: @escaping @Sendable () -> OperatorStatements.Question
    ) async throws -> ReplayOutcome {
        var (outcome, last): (ReplayOutcome, Int64) = (ReplayOutcome(replayed: 0, left: 0), 0)
        while true {
            let portion = try await database.read { [last] db in
                let rows = rows()
                return try Int64.fetchAll(
                    db,
                    sql:
                        "SELECT id FROM callbacks WHERE \(rows.sql) AND id > ? ORDER BY id LIMIT \(Self.replayPortion)",
                    arguments: StatementArguments(rows.arguments + [last]))
            }
            guard let end = portion.last else { return outcome }
            let part = try await replay(portion, everyOne: false, to: destinations)
            outcome.replayed += part.replayed
            outcome.left += part.left
            last = end
        }
    }

    /// - Parameter everyOne: whether it is an error, and nothing is changed, when one of them is not there.
    private func replay(
        _ ids: [Int64], everyOne: Bool, to destinations: [String: String]
    ) async throws -> ReplayOutcome {
        try await database.write { db in
            if everyOne {
                for id in ids where try db.row(OperatorStatements.callback, [id]) == nil {
                    throw UploadError(.noSuchTask, "there is no callback \(id)")
                }
            }
            let (named, arguments) = (
                ids.map { _ in "?" }.joined(separator: ", "), ids as [any DatabaseValueConvertible]
            )
            let left = try Int.fetchOne(
                db, sql: "SELECT count(*) FROM callbacks WHERE state = 'sending' AND id IN (\(named))",
                arguments: StatementArguments(arguments))
            // Of one that is closed, its destination may be of long ago.
            let cases = destinations.map { _ in " WHEN ? THEN ?" }.joined()
            let addresses = destinations.flatMap { [$0.key, $0.value] as [any DatabaseValueConvertible] }
            try db.execute(
                sql: """
                    UPDATE callbacks SET state = 'pending', settled_at = NULL, next_attempt_at = ?,
                        destination = \(cases.isEmpty ? "destination" : "CASE business_server\(cases) ELSE destination END")
                    WHERE state <> 'sending' AND id IN (\(named))
                    """,
                arguments: StatementArguments([database.now().description] + addresses + arguments))
            return ReplayOutcome(replayed: db.changesCount, left: left ?? 0)
        }
    }
}
