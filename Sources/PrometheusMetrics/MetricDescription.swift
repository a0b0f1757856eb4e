/// What a name means, and how its histogram is divided.
public struct MetricDescription: Sendable {
    /// From a millisecond to half a minute.
    public static let seconds: [Double] = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
    ]
    /// From one to a few hundred, doubling.
    public static let counts: [Double] = [1, 2, 4, 8, 16, 32, 64, 128, 256]

    /// As it is shown: letters, digits and underscores, the unit last, `_total` for counters.
    public let name: String
    /// One sentence.
    public let help: String
    /// Upper bounds of a histogram's buckets, ascending, without infinity; of no meaning for others.
    public let buckets: [Double]

    /// Memberwise.
    public init(_ name: String, help: String, buckets: [Double] = seconds) {
        self.name = name
        self.help = help
        self.buckets = buckets
    }
}

/// What Prometheus has to know to read a family.
enum MetricKind: String {
    case counter, gauge, histogram
}
