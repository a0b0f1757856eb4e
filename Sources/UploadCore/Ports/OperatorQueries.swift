/// What operators ask of everything that is remembered. Reading writes nothing and waits for no writer.
///
/// - Throws: what reading the database throws; ``AuditError`` where a file is read beside the server.
public protocol OperatorQueries: Sendable {
    /// The tasks that a query names.
    func tasks(_ query: TaskQuery) async throws -> TaskList

    /// Everything of one task; `nil` when there is none.
    func report(of id: TaskID) async throws -> TaskReport?

    /// The callbacks that a query names.
    func callbacks(_ query: CallbackQuery) async throws -> CallbackList

    /// One callback with its attempts; `nil` when there is none.
    func callback(_ id: Int64) async throws -> CallbackReport?

    /// The samples that were taken since, in order.
    func samples(since: Timestamp) async throws -> [TrafficSample]
}
