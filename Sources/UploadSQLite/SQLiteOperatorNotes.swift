import GRDB
import UploadCore

/// ``OperatorNotes`` on SQLite: the tables that only views read.
public struct SQLiteOperatorNotes: OperatorNotes {
    private let database: UploadDatabase

    /// The notes in this database.
    public init(_ database: UploadDatabase) {
        self.database = database
    }

    /// One row.
    public func note(trouble error: String, of id: TaskID) async throws {
        try await database.write { db in
            let now = database.now().description
            try db.run(Statements.noteTrouble, [now, now, error.isEmpty ? "unknown" : error, id.rawValue])
        }
    }

    /// One transaction, which writes nothing where nothing has changed: a start needs no room on the disk for it.
    public func note(settings: [String: Int64]) async throws {
        try await database.write { db in
            for (name, value) in settings { try db.run(Statements.noteSetting, [name, value]) }
        }
    }

    /// One transaction: a row, and those go that are too old.
    public func note(_ sample: TrafficSample) async throws {
        let oldest = sample.at.advanced(by: .zero - TrafficSample.keptFor)
        try await database.write { db in
            try db.run(
                OperatorStatements.noteSample,
                [
                    sample.at.description, sample.seconds, sample.bytes, sample.blocks, sample.requests,
                    sample.requestSeconds, sample.openTasks, sample.waitingCallbacks, sample.deadCallbacks,
                ])
            try db.run(OperatorStatements.forgetSamples, [oldest.description, sample.at.description])
        }
    }
}
