/// Lets so many through a second for each key, and as many at once for one that was quiet.
///
/// What it keeps of a key is one instant: when its allowance is whole again, at most a second ahead. Before that the
/// key can't be forgotten, after that it is as good as unknown (the generic cell rate algorithm, ITU-T I.371).
struct RateLimiter<Key: Hashable & Sendable>: Sendable {
    /// What one costs.
    private let interval: Duration
    /// How far ahead the instant may be for one more to be let through.
    private let tolerance: Duration
    private let capacity: Int
    /// Keys since the last turn, and those of the turn before it: all that matter, for a turn takes a second or more.
    private var recent: [Key: Duration] = [:]
    private var earlier: [Key: Duration] = [:]
    private var turnedAt = Duration.zero

    /// - Parameters:
    ///   - rate: how many a second, 1 or more.
    ///   - capacity: how many keys are remembered at most; with more of them in one second the oldest are forgotten.
    init(rate: Int, capacity: Int) {
        interval = .seconds(1) / max(rate, 1)
        tolerance = .seconds(1) - interval
        self.capacity = capacity
    }

    /// How many keys are remembered.
    var count: Int { recent.count + earlier.count }

    /// Takes one from the key's allowance.
    ///
    /// - Parameter now: on a clock that only goes forward.
    /// - Returns: `nil` where there was one; else how long it is until there is.
    mutating func take(_ key: Key, at now: Duration) -> Duration? {
        if now - turnedAt >= .seconds(1) || recent.count >= capacity / 2 {
            (earlier, recent, turnedAt) = (recent, [:], now)
        }
        let whole = max(recent[key] ?? earlier[key] ?? now, now)
        let wait = whole - now - tolerance
        guard wait <= .zero else { return wait }
        recent[key] = whole + interval
        return nil
    }
}
