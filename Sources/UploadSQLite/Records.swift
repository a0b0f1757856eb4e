import GRDB
import UploadCore

extension UploadTask {
    /// From a row with ``Statements/taskColumns``.
    init(row: Row) throws {
        func decode<Raw: DatabaseValueConvertible, Value>(
            _ column: String, _ convert: (Raw) -> Value?
        ) throws -> Value {
            try row.decode(column, of: "tasks", convert)
        }
        self.init(
            id: try decode("id") { TaskID($0 as Int64) },
            state: try decode("state") { TaskState(rawValue: $0) },
            registration: Registration(
                businessServer: row["business_server"], userID: row["user_id"], storePath: row["store_path"],
                fileName: row["file_name"], fileSize: row["file_size"],
                fileMD5: try decode("file_md5") { MD5Digest(hex: $0 as String) },
                feedback: row["feedback"]),
            targetPath: row["target_path"],
            keyGeneration: row["key_generation"],
            receivedBytes: row["received_bytes"],
            reason: row["reason"],
            createdAt: try decode("created_at") { Timestamp($0) },
            activeAt: try decode("active_at") { Timestamp($0) })
    }
}

extension Callback {
    /// From a row that ``Statements/claimDue`` returns.
    init(row: Row) throws {
        self.init(
            id: row["id"],
            webhookID: row["webhook_id"],
            taskID: try row.decode("task_id", of: "callbacks") { TaskID($0 as Int64) },
            businessServer: row["business_server"],
            destination: row["destination"],
            body: row["body"],
            attempt: row["attempts"],
            createdAt: try row.decode("created_at", of: "callbacks") { Timestamp($0) })
    }
}

extension TaskState {
    /// The kind of the event that a move writes.
    func eventKind(from previous: TaskState) -> String {
        switch self {
        case .receiving: previous == .paused ? "resumed" : "bytesLost"
        case .verifying: "received"
        case .publishing: "verified"
        case .paused, .finished, .failed, .cancelled, .timedOut: rawValue
        }
    }
}
