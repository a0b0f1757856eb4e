import MD5Lanes
import Synchronization
import UploadCore

/// Hashes for many uploads at once. An MD5 waits for its own last step most of the time, so what waits here at the same
/// moment is worked off side by side, and costs little more than one of them alone.
///
/// The batch sizes itself: one job where the service is idle, as many as there are lanes where hashing is the bottleneck.
final class HashLanes: Sendable {
    /// One running MD5. Has one job at a time.
    final class Stream: Sendable {
        fileprivate let md5: Mutex<RunningMD5>

        init(_ md5: RunningMD5 = RunningMD5()) {
            self.md5 = Mutex(md5)
        }

        /// As it stands between two jobs.
        var value: RunningMD5 { md5.withLock { $0 } }
    }

    private struct Job {
        let stream: Stream
        let chunks: [any ByteChunk]
        let done: @Sendable () -> Void
    }

    private struct State {
        var waiting: [Job] = []
        var workers = 0
    }

    /// The most jobs worked off side by side.
    private static let limit = MultiBufferMD5.lanes

    private let width: Int
    private let state = Mutex(State())

    /// - Parameter width: how many threads may hash at once, at least one.
    init(width: Int) {
        self.width = max(1, width)
    }

    /// Takes the chunks, in order, into the stream, and calls `done` then. Works on the calling thread, on this job and
    /// perhaps on others, unless enough threads do so already.
    func hash(_ chunks: [any ByteChunk], into stream: Stream, done: @escaping @Sendable () -> Void) {
        let mayWork = state.withLock { state in
            state.waiting.append(Job(stream: stream, chunks: chunks, done: done))
            guard state.workers < width else { return false }
            state.workers += 1
            return true
        }
        guard mayWork else { return }
        while let batch = next() { work(batch) }
    }

    private func next() -> [Job]? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.workers -= 1
                return nil
            }
            let batch = Array(state.waiting.prefix(Self.limit))
            state.waiting.removeFirst(batch.count)
            return batch
        }
    }

    private func work(_ batch: [Job]) {
        let chunks = batch.map { job in job.chunks.map { $0.pinned() } }
        var hashes = zip(batch, chunks).map { job, chunks in
            MultiBufferMD5.Job(job.stream.value, chunks.map(\.bytes))
        }
        withExtendedLifetime(chunks) { MultiBufferMD5.update(&hashes) }
        for (job, hashed) in zip(batch, hashes) {
            job.stream.md5.withLock { $0 = hashed.hash }
            job.done()
        }
    }
}

extension MD5Digest {
    init(_ digest: RunningMD5.Digest) {
        guard let value = MD5Digest(bytes: digest) else { preconditionFailure("an MD5 digest has 16 bytes") }
        self = value
    }
}
