import NIOCore

/// Connections that have been idle for a while, the longest first.
struct IdleLine {
    private var channels: [Int: any Channel] = [:]
    /// Nobody has a lower number.
    private var first = 0
    private var next = 0

    /// Appends a connection.
    ///
    /// - Returns: its number, to ``leave(_:)`` with.
    mutating func join(_ channel: any Channel) -> Int {
        defer { next += 1 }
        channels[next] = channel
        return next
    }

    /// Whoever had the number is not idle any more; also when it was taken out meanwhile.
    mutating func leave(_ number: Int) {
        channels[number] = nil
        skip()
    }

    /// Takes the first one out.
    mutating func takeFirst() -> (any Channel)? {
        defer { skip() }
        return channels.removeValue(forKey: first)
    }

    /// Each number is passed once.
    private mutating func skip() {
        while first < next, channels[first] == nil { first += 1 }
    }
}
