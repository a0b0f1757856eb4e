/// What a repair does about a finding. Each is one transaction or one change to a file, looks itself whether it is
/// still needed, and may be repeated.
enum Remedy: Sendable, Equatable {
    /// Makes an index, a trigger or a view anew.
    case restoreSchema(SchemaFault)
    /// Deletes a table's rows that belong to nothing.
    case removeStrayRows(String)
    /// Deletes rows of an open task which overlap, are out of bounds, or start at one of `lost`; counts anew what is
    /// held, and moves the task to the state which goes with that.
    case correctRows(TaskID, lost: [Int64])
    /// Adds up anew what open tasks were promised.
    case recountTotals
    /// Enqueues the callback of a closed task that has none.
    case enqueueCallback(TaskFacts)
    /// Deletes the callback of a task that is open.
    case removeCallback(TaskID)
    /// Raises a callback's count of attempts to the last one's number.
    case correctAttempts(TaskID)
    /// Makes a callback pending that nobody accepted.
    case sendAgain(TaskID)
    /// Makes a callback pending that was being sent by a server which died.
    case releaseCallback(TaskID)
    /// Writes the event that tells of a task's end.
    case writeEvent(TaskID)
    /// Removes a file from the staging folder.
    case removeStaged(name: String)
    /// Cuts off what a staging file has behind the file's end, in bytes.
    case cutStaged(TaskID, to: Int64)
    /// Removes the temporary name which publishing left beside a target.
    case removeLeftover(TaskID, beside: String)
}

/// A finding, and what can be done about it.
struct Suspicion: Sendable, Equatable {
    var finding: Finding
    /// `nil` where nothing can be done, or nothing need be.
    var remedy: Remedy?

    init(_ finding: Finding, remedy: Remedy? = nil) {
        self.finding = finding
        self.remedy = remedy
    }
}
