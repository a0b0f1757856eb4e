import UploadCore

/// Figures that are a second old at the most: a page needs them twice, and who asks often makes no work.
actor FreshFigures: FigureSource {
    private static let freshness = Duration.seconds(1)

    private let source: any FigureSource
    private let clock: any ServiceClock
    private var last: (at: Duration, reading: Task<ServiceFigures, any Error>)?

    init(_ source: any FigureSource, clock: any ServiceClock) {
        (self.source, self.clock) = (source, clock)
    }

    func figures() async throws -> ServiceFigures {
        if let last, clock.uptime - last.at < Self.freshness { return try await last.reading.value }
        let reading = Task { [source] in try await source.figures() }
        last = (clock.uptime, reading)
        return try await reading.value
    }
}
