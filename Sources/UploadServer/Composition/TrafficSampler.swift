import Logging
import PrometheusMetrics
import UploadCore
import UploadHTTP

/// Writes down every ten seconds what went on, for the charts of the console.
struct TrafficSampler: Sendable {
    /// What has been counted since the start.
    private struct Counts {
        var bytes = 0.0
        var blocks = 0.0
        var requests = MetricTotal(count: 0, sum: 0)
    }

    let registry: PrometheusRegistry
    let figures: any FigureSource
    let notes: any OperatorNotes
    let clock: any ServiceClock
    let logger: Logger

    /// Samples until it is cancelled. One that can't be written down is left out; that is told once in a row.
    func run() async {
        var (last, lastAt, isFailing) = (counts(), clock.uptime, false)
        while true {
            do { try await clock.sleep(for: TrafficSample.interval) } catch { return }
            let (counts, uptime) = (counts(), clock.uptime)
            do {
                try await notes.note(try await sample(from: last, to: counts, during: uptime - lastAt))
                isFailing = false
            } catch {
                if !isFailing { logger.warning("traffic can't be written down", metadata: ["error": "\(error)"]) }
                isFailing = true
            }
            (last, lastAt) = (counts, uptime)
        }
    }

    /// Bytes and blocks since the start.
    func received() -> (bytes: Int64, blocks: Int64) {
        let counts = counts()
        return (Int64(counts.bytes), Int64(counts.blocks))
    }

    private func counts() -> Counts {
        Counts(
            bytes: registry.total("fupload_block_bytes_total").sum, blocks: registry.total("fupload_blocks_total").sum,
            requests: registry.total("fupload_request_seconds", [("route", UploadApplication.blockRoute)]))
    }

    private func sample(from old: Counts, to new: Counts, during time: Duration) async throws -> TrafficSample {
        let figures = try await figures.figures()
        return TrafficSample(
            at: clock.now, seconds: max(0.001, time / .seconds(1)), bytes: Int64(new.bytes - old.bytes),
            blocks: Int64(new.blocks - old.blocks), requests: Int64(new.requests.count - old.requests.count),
            requestSeconds: new.requests.sum - old.requests.sum,
            openTasks: figures.openTasks.values.reduce(0, +), waitingCallbacks: figures.waitingCallbacks,
            deadCallbacks: figures.deadCallbacks)
    }
}
