/// The database as the doctor repairs it, while no server works on it.
///
/// Each method is one transaction, durable when it returns, and looks inside it whether there still is something to do.
/// - Returns: what was done, as the end of a sentence; `nil` when there was nothing to do.
/// - Throws: ``AuditError``; nothing is changed then.
public protocol DatabaseRepair: Sendable {
    /// Makes an index, a trigger or a view as this program makes it. Tables stay as they are.
    func restore(_ fault: SchemaFault) async throws -> String?

    /// Deletes a table's rows whose task or callback is not there. Callbacks that are yet to be delivered stay.
    func removeStrayRows(of table: String) async throws -> String?

    /// Adds up anew what open tasks were promised.
    func recountTotals() async throws -> String?

    /// Deletes the block rows of an open task which overlap an earlier one, end outside of the file, or start at one of
    /// `lost`; counts anew what is held, and moves the task to the state that goes with it. The event `bytesLost` tells
    /// how many bytes are missing again.
    func correctRows(of id: TaskID, lost: [Int64]) async throws -> String?

    /// Enqueues the callback of a closed task that has none.
    func enqueue(_ callback: CallbackDraft, for id: TaskID) async throws -> String?

    /// Deletes the callback of a task that is open.
    func removeCallback(of id: TaskID) async throws -> String?

    /// Raises a callback's count of attempts to the number of the last one.
    func correctAttempts(of id: TaskID) async throws -> String?

    /// Makes a callback pending that is said to be delivered, and that nobody accepted.
    func sendAgain(_ id: TaskID) async throws -> String?

    /// Makes a callback pending that was being sent by a server which died.
    func releaseCallback(of id: TaskID) async throws -> String?

    /// Writes the event that tells of a closed task's end, where there is none of any end.
    func writeEvent(of id: TaskID) async throws -> String?
}

/// The files as the doctor repairs them, while no server works on them. Errors are ``AuditError``s.
public protocol FilesRepair: Sendable {
    /// Removes a file from the staging folder.
    func removeStaged(_ name: String) async throws

    /// Shortens a staging file, durably.
    func cutStaged(_ id: TaskID, to size: Int64) async throws

    /// Removes the temporary name which publishing left beside a target.
    func removeLeftover(of id: TaskID, beside path: String) async throws
}
