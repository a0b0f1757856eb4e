/// The keys that make a task's URLs unguessable.
public protocol TaskKeys: Sendable {
    /// The key of a task: URL-safe text, the same at every call and after every restart.
    func key(for id: TaskID) -> String

    /// Whether `key` is the task's, compared in constant time.
    func isValid(_ key: String, for id: TaskID) -> Bool
}
