import AdminHTTP
import UploadCore
import UploadFiles

/// Gathers what the console shows at its top.
struct OperatorOverview: Sendable {
    let readiness: OperatorReadiness
    let figures: any FigureSource
    let store: FileStore
    let sampler: TrafficSampler
    let clock: any ServiceClock
    let startedAt: Timestamp

    /// As of now.
    ///
    /// - Throws: what reading the database throws.
    func gather() async throws -> Overview {
        let figures = try await figures.figures()
        let received = sampler.received()
        return Overview(
            version: Version.description, now: clock.now, startedAt: startedAt, reasons: await readiness.reasons(),
            openTasks: figures.openTasks, promisedBytes: figures.promisedBytes, missingBytes: figures.missingBytes,
            // A disk that does not answer is among the reasons.
            freeBytes: try? await store.measuredSpace().staging,
            callbacks: .init(
                waiting: figures.waitingCallbacks, dead: figures.deadCallbacks,
                oldestWaitingAt: figures.oldestWaiting),
            receivedBytes: received.bytes, receivedBlocks: received.blocks)
    }
}
