/// The public number of an upload task: random, positive, below 2^53 so that JSON numbers carry it exactly.
///
/// It identifies, it does not authorise: the task's key does that (``TaskKeys``). Fresh ones come from ``TaskIDs``.
public struct TaskID: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The largest value, 2^53 − 1.
    public static let maximum: Int64 = (1 << 53) - 1

    /// The number, in 1...``maximum``.
    public let rawValue: Int64

    /// `nil` when the number is outside 1...``maximum``.
    public init?(_ rawValue: Int64) {
        guard (1...Self.maximum).contains(rawValue) else { return nil }
        self.rawValue = rawValue
    }

    /// A decimal number as it stands in a URL; `nil` for anything else.
    public init?(_ text: some StringProtocol) {
        guard let number = Int64(text), text.first != "+" else { return nil }
        self.init(number)
    }

    /// The decimal number.
    public var description: String { String(rawValue) }

    /// Numeric order.
    public static func < (left: TaskID, right: TaskID) -> Bool { left.rawValue < right.rawValue }
}
