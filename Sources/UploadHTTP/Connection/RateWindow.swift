import NIOCore

/// Whether bytes come fast enough, measured over a window that slides by a sixth of its length.
///
/// Only the time counts in which the other side was waited for: what the disk or a full buffer takes is not its fault.
struct RateWindow {
    private static let slots = 6

    private let required: Int
    private let slotLength: TimeAmount
    /// Bytes of the slots before this one.
    private var past: [Int] = []
    private var bytes = 0
    private var waited = TimeAmount.zero

    /// - Parameters:
    ///   - required: bytes that have to come within the window.
    ///   - window: its length.
    init(required: Int, window: TimeAmount) {
        self.required = required
        slotLength = .nanoseconds(max(1, window.nanoseconds / Int64(Self.slots)))
    }

    /// Forgets what came: another body begins.
    mutating func reset() {
        past.removeAll(keepingCapacity: true)
        (bytes, waited) = (0, .zero)
    }

    /// Bytes came.
    mutating func add(_ count: Int) {
        bytes += count
    }

    /// They were waited for this long.
    mutating func wait(_ time: TimeAmount) {
        waited = waited + time
    }

    /// When to ask again: not before the slot can have ended.
    var untilSlotEnds: TimeAmount {
        max(slotLength - waited, .nanoseconds(slotLength.nanoseconds / 4 + 1))
    }

    /// Ends the slot when its time has been waited, and says whether a full window had its bytes.
    mutating func isKept() -> Bool {
        guard waited >= slotLength else { return true }
        past.append(bytes)
        (bytes, waited) = (0, .zero)
        guard past.count == Self.slots else { return true }
        defer { past.removeFirst() }
        return past.reduce(0, +) >= required
    }
}

extension TimeAmount {
    static var zero: TimeAmount { .nanoseconds(0) }
}
