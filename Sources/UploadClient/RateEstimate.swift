/// Bytes per second over the last few seconds.
struct RateEstimate: Sendable {
    private static let window = Duration.seconds(8)
    private static let shortest = Duration.milliseconds(500)
    private static let spacing = Duration.milliseconds(200)

    private var samples: [(at: ContinuousClock.Instant, done: Int64)]

    init(done: Int64, at now: ContinuousClock.Instant) {
        samples = [(now, done)]
    }

    /// Notes that `done` bytes are done in all, and gives the rate, or nil while too little is known.
    mutating func update(done: Int64, at now: ContinuousClock.Instant) -> Double? {
        if let last = samples.last, last.at.duration(to: now) >= Self.spacing {
            samples.append((now, done))
        }
        while samples.count > 2, samples[1].at.duration(to: now) >= Self.window { samples.removeFirst() }
        guard let first = samples.first else { return nil }
        let elapsed = first.at.duration(to: now)
        guard elapsed >= Self.shortest else { return nil }
        return max(0, Double(done - first.done)) / (elapsed / .seconds(1))
    }
}
