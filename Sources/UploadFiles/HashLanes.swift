import MD5Lanes
import Synchronization
import UploadCore

/// Hashes for many uploads at once. An MD5 waits for its own last step most of the time, so what waits here at the same
/// moment is worked off side by side, and costs little more than one of them alone.
///
/// The batch sizes itself: one stream where the service is idle, as many as there are lanes where hashing is the
/// bottleneck.
final class HashLanes: Sendable {
    /// One running MD5. What is added to it is taken in in that order.
    final class Stream: Sendable {
        fileprivate struct State {
            var md5: RunningMD5
            var waiting: [Portion] = []
            /// Whether it stands in the queue, or is being worked on.
            var isBusy = false
        }

        fileprivate let state: Mutex<State>

        init(_ md5: RunningMD5 = RunningMD5()) {
            state = Mutex(State(md5: md5))
        }

        /// As it stands; to be asked while nothing that was added waits.
        var value: RunningMD5 { state.withLock { $0.md5 } }
    }

    fileprivate struct Portion {
        let chunks: [any ByteChunk]
        let done: @Sendable () -> Void
    }

    private struct State {
        var queue: [Stream] = []
        var workers = 0
    }

    private let width: Int
    private let state = Mutex(State())

    /// - Parameter width: how many threads may hash at once, at least one. Fewer threads have fuller lanes.
    init(width: Int) {
        self.width = max(1, width)
    }

    /// Adds the chunks to the stream; `done` is called once they are taken in. Somebody has to ``work()`` after this.
    func add(_ chunks: [any ByteChunk], to stream: Stream, done: @escaping @Sendable () -> Void) {
        let isNew = stream.state.withLock { stream in
            stream.waiting.append(Portion(chunks: chunks, done: done))
            defer { stream.isBusy = true }
            return !stream.isBusy
        }
        if isNew { state.withLock { $0.queue.append(stream) } }
    }

    /// Takes in what waits, on the calling thread, unless enough threads do so already.
    func work() {
        let mayWork = state.withLock { state in
            guard !state.queue.isEmpty, state.workers < width else { return false }
            state.workers += 1
            return true
        }
        guard mayWork else { return }
        while let batch = next() { work(off: batch) }
    }

    private func next() -> [Stream]? {
        state.withLock { state in
            guard !state.queue.isEmpty else {
                state.workers -= 1
                return nil
            }
            let batch = Array(state.queue.prefix(MultiBufferMD5.lanes))
            state.queue.removeFirst(batch.count)
            return batch
        }
    }

    private func work(off batch: [Stream]) {
        let portions = batch.map { stream in
            stream.state.withLock { state in
                defer { state.waiting = [] }
                return state.waiting
            }
        }
        let bytes = portions.map { $0.flatMap(\.chunks).map { $0.pinned() } }
        var jobs = zip(batch, bytes).map { stream, bytes in MultiBufferMD5.Job(stream.value, bytes.map(\.bytes)) }
        withExtendedLifetime(bytes) { MultiBufferMD5.update(&jobs) }
        for (stream, job) in zip(batch, jobs) {
            let hasMore = stream.state.withLock { state in
                state.md5 = job.hash
                state.isBusy = !state.waiting.isEmpty
                return state.isBusy
            }
            if hasMore { state.withLock { $0.queue.append(stream) } }
        }
        for portion in portions.joined() { portion.done() }
    }
}

extension MD5Digest {
    init(_ digest: RunningMD5.Digest) {
        guard let value = MD5Digest(bytes: digest) else { preconditionFailure("an MD5 digest has 16 bytes") }
        self = value
    }
}
