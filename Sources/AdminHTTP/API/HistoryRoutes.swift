import Hummingbird
import UploadCore

/// What went on in the last hours, for charts.
struct HistoryRoutes: Sendable {
    private struct History: Encodable {
        let step: Int
        let samples: [Point]
    }

    private struct Point: Encodable {
        let at: Timestamp
        let bytesPerSecond: Double
        let blocksPerSecond: Double
        /// Of a block request, on average.
        @OrNull var blockLatencyMs: Double?
        let openTasks: Int
        let outboxDepth: Int
        let deadCallbacks: Int

        init(_ sample: TrafficSample) {
            at = sample.at
            bytesPerSecond = Double(sample.bytes) / sample.seconds
            blocksPerSecond = Double(sample.blocks) / sample.seconds
            blockLatencyMs = sample.requests > 0 ? sample.requestSeconds * 1000 / Double(sample.requests) : nil
            openTasks = sample.openTasks
            outboxDepth = sample.waitingCallbacks
            deadCallbacks = sample.deadCallbacks
        }
    }

    /// More points than a chart has pixels say no more.
    private static let points = 720

    let desk: AdminDesk

    func add(to router: some RouterMethods<BasicRequestContext>) {
        router.get("history") { request, _ in try await history(request) }
    }

    private func history(_ request: Request) async throws -> Response {
        let hours = try Parameters(request, known: ["hours"]).number("hours", in: 1...48, default: 6)
        let samples = try await desk.queries.samples(since: desk.clock.now.advanced(by: .seconds(-hours * 3600)))
        let thinned = samples.thinned(to: Self.points)
        let joined = (samples.count + max(1, thinned.count) - 1) / max(1, thinned.count)
        return try .json(
            History(
                step: Int(TrafficSample.interval.components.seconds) * max(1, joined),
                samples: thinned.map(Point.init)))
    }
}
