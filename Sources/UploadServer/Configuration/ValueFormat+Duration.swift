extension ValueFormat where Value == Duration {
    /// A time span above zero.
    static var duration: Self { duration(isZeroAllowed: false) }

    /// A time span that may be zero.
    static var durationOrZero: Self { duration(isZeroAllowed: true) }

    private static func duration(isZeroAllowed: Bool) -> Self {
        Self(
            allowed: "a duration \(isZeroAllowed ? "of 0" : "above 0") to 36500d: "
                + "seconds as a whole number, alone or with a unit (ms, s, m, h, d)",
            parse: { text in
                TimeSpan.parse(text).flatMap { isZeroAllowed || $0 > .zero ? $0 : nil }
            },
            render: TimeSpan.render
        )
    }
}

extension ValueFormat where Value == [Duration] {
    /// Time spans above zero, separated by commas.
    static var schedule: Self {
        Self(
            allowed: "a schedule: 1 to 100 durations above 0, separated by commas (5s,30s,2m)",
            parse: { text in
                let parts = text.split(separator: ",", maxSplits: 100, omittingEmptySubsequences: false)
                let spans = parts.compactMap { part in
                    TimeSpan.parse(String(part.drop { $0 == " " })).flatMap { $0 > .zero ? $0 : nil }
                }
                return spans.count == parts.count && spans.count <= 100 ? spans : nil
            },
            render: { $0.map(TimeSpan.render).joined(separator: ",") }
        )
    }
}

private enum TimeSpan {
    /// In milliseconds.
    static let units: [Quantity.Unit] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
    ]
    static let synonyms: [Quantity.Unit] = [("min", 60_000), ("sec", 1_000)]

    /// Keeps deadlines computed from it within the range of every clock and of the database.
    static let longest: Int64 = 36_500 * 86_400_000

    static func parse(_ text: String) -> Duration? {
        guard let milliseconds = Quantity.parse(text, units: units + synonyms, unitless: 1_000),
            milliseconds <= longest
        else { return nil }
        return .milliseconds(milliseconds)
    }

    @Sendable
    static func render(_ span: Duration) -> String {
        let (seconds, attoseconds) = span.components
        return Quantity.render(seconds * 1_000 + attoseconds / 1_000_000_000_000_000, units: units)
    }
}
