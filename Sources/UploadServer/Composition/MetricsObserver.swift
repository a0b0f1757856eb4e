import Metrics
import UploadCore

/// Counts outcomes.
struct MetricsObserver: UploadObserver {
    private let registered = Counter(label: "fupload_registrations_total")
    private let blocks = Counter(label: "fupload_blocks_total")
    private let bytes = Counter(label: "fupload_block_bytes_total")
    private let lost = Counter(label: "fupload_lost_bytes_total")
    private let delays = Counter(label: "fupload_finish_delays_total")
    private let failures = Counter(label: "fupload_background_failures_total")
    private let verifying = Timer(label: "fupload_verify_seconds")
    private let publishing = Timer(label: "fupload_publish_seconds")
    private let closed = Dictionary(
        uniqueKeysWithValues: TaskState.allCases.filter(\.isClosed).map { state in
            (state, Counter(label: "fupload_closed_tasks_total", dimensions: [("state", state.rawValue)]))
        })

    func observe(_ outcome: UploadOutcome) {
        switch outcome {
        case .registered: registered.increment()
        case .stored(_, let count):
            blocks.increment()
            bytes.increment(by: count)
        case .verified(_, let duration): verifying.record(duration: duration)
        case .published(_, let duration): publishing.record(duration: duration)
        case .closed(let task): closed[task.state]?.increment()
        case .bytesLost(_, let count): lost.increment(by: count)
        case .finishDelayed: delays.increment()
        case .backgroundFailure: failures.increment()
        case .stateChanged, .received, .hashDiffered, .orphanRemoved, .stagingChecked, .clockJumped, .purged: break
        }
    }
}
