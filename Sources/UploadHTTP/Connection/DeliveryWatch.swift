import NIOCore

/// Whether a client takes its answers, and as fast as bodies have to come.
struct DeliveryWatch {
    private let required: Int
    private let window: TimeAmount
    /// When to look again; `nil` while nothing is watched.
    private(set) var due: NIODeadline?
    /// Bytes that were to be sent when the window began.
    private var unsent = 0

    /// - Parameters:
    ///   - required: bytes that have to be taken within the window.
    ///   - window: its length.
    init(required: Int, window: TimeAmount) {
        (self.required, self.window) = (required, window)
    }

    /// There are answers to be taken, as there may have been before.
    ///
    /// - Parameter count: their bytes.
    mutating func begin(unsent count: Int) {
        if due == nil { restart(count) }
    }

    /// There are none.
    mutating func end() {
        due = nil
    }

    /// Ends the window, and says whether enough was taken in it.
    ///
    /// - Parameter count: bytes that still are to be sent. When they are more than before, another answer has begun, and
    ///   so does the window.
    mutating func isKept(unsent count: Int) -> Bool {
        guard count > unsent || unsent - count >= required else { return false }
        restart(count)
        return true
    }

    private mutating func restart(_ count: Int) {
        unsent = count
        due = .now() + window
    }
}
