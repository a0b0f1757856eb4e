/// The keys that make a task's URLs unguessable.
///
/// They are made with a secret, and an operator may replace the secret: each has a generation, and a task stays with
/// the one that it was registered under.
public protocol TaskKeys: Sendable {
    /// Of what generations there are secrets at this moment.
    var generations: KeyGenerations { get }

    /// The key of a task that was registered under this generation: URL-safe text, the same at every call and after
    /// every restart; `nil` when the secret is gone.
    func key(for id: TaskID, generation: Int) -> String?

    /// The generation that `key` is the task's key of; `nil` when it is of none.
    ///
    /// Compared in constant time with the keys of all generations. Nothing is looked up, so that a wrong key takes as
    /// long for a task that is there as for one that is not.
    func generation(of key: String, for id: TaskID) -> Int?
}

/// The generations that there are secrets of.
public struct KeyGenerations: Sendable, Equatable {
    /// The one that new tasks are registered under.
    public var current: Int
    /// All, the current one included.
    public var known: Set<Int>

    /// Memberwise.
    public init(current: Int, known: Set<Int>) {
        self.current = current
        self.known = known
    }
}
