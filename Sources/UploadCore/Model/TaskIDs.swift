import Synchronization

/// Fresh ids for tasks. Each is random over all that there are; those which are given out one after the other lie near
/// each other.
///
/// Rows are stored in the order of their task's number. Were each number picked by itself, every registration and every
/// upload among a million tasks would change pages of its own, which nothing else has brought into the cache and each of
/// which is written by itself; so the tasks of a time share pages.
public final class TaskIDs: Sendable {
    private struct State {
        var generator = SystemRandomNumberGenerator()
        /// The smallest number of the neighbourhood.
        var first: Int64 = 0
        /// How many more are taken from it.
        var left = 0
    }

    /// Ids in a row from one neighbourhood: their rows fill about a dozen pages.
    static let neighbours = 128
    /// Numbers in a neighbourhood: so many that one is hardly ever picked twice, and none can be guessed from another.
    static let span: Int64 = 1 << 32

    private let state = Mutex(State())

    /// None is given out yet.
    public init() {}

    /// The next one. Uniqueness is the database's to enforce.
    public func next() -> TaskID {
        state.withLock { state in
            if state.left == 0 {
                state.first = Int64.random(in: 0...TaskID.maximum / Self.span, using: &state.generator) * Self.span
                state.left = Self.neighbours
            }
            state.left -= 1
            while true {
                // Nothing but 0 is refused.
                if let id = TaskID(state.first + Int64.random(in: 0..<Self.span, using: &state.generator)) { return id }
            }
        }
    }
}
