import Blocking
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
            var source: Source?
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

    /// A file that is read as it is hashed.
    fileprivate struct Source {
        let file: OwnedDescriptor
        var position: Int64
        let end: Int64
        let done: @Sendable ((any Error)?) -> Void

        /// The next bytes; none where the file is shorter.
        mutating func next(_ count: Int) throws -> OwnedBytes {
            let bytes = try OwnedBytes(capacity: Int(min(end - position, Int64(count)))) { memory in
                try file.descriptor.read(fromAbsoluteOffset: position, into: memory)
            }
            position = bytes.count > 0 ? position + Int64(bytes.count) : end
            return bytes
        }
    }

    /// Bytes of a file that are read at once, at least: they are still in the processor's cache when they are hashed.
    private static let portion = 256 << 10

    private struct State {
        var queue: [Stream] = []
        var workers = 0
    }

    private let width: Int
    private let threads: IOThreads
    private let state = Mutex(State())

    /// - Parameters:
    ///   - width: how many threads may hash at once, at least one. Fewer threads have fuller lanes.
    ///   - threads: where what is left after a batch goes on.
    init(width: Int, on threads: IOThreads) {
        self.width = max(1, width)
        self.threads = threads
    }

    /// Adds the chunks to the stream; `done` is called once they are taken in. Somebody has to ``work()`` after this.
    func add(_ chunks: [any ByteChunk], to stream: Stream, done: @escaping @Sendable () -> Void) {
        enqueue(stream) { $0.waiting.append(Portion(chunks: chunks, done: done)) }
    }

    /// Adds a file's bytes from `start` up to `end`, which are read when it is their turn, or as many of them as there are.
    /// Nothing else may be added until `done` is called. Somebody has to ``work()`` after this.
    func add(
        _ file: OwnedDescriptor, from start: Int64, to end: Int64, to stream: Stream,
        done: @escaping @Sendable ((any Error)?) -> Void
    ) {
        enqueue(stream) { $0.source = Source(file: file, position: start, end: end, done: done) }
    }

    private func enqueue(_ stream: Stream, _ change: (inout Stream.State) -> Void) {
        let isNew = stream.state.withLock { state in
            change(&state)
            defer { state.isBusy = true }
            return !state.isBusy
        }
        if isNew { state.withLock { $0.queue.append(stream) } }
    }

    /// Takes in a batch of what waits, on the calling thread, unless enough threads do so already.
    func work() {
        let mayWork = state.withLock { state in
            guard !state.queue.isEmpty, state.workers < width else { return false }
            state.workers += 1
            return true
        }
        if mayWork { takeBatches() }
    }

    /// One batch after the other; writes and syncs that wait for the same threads come in between.
    private func takeBatches() {
        while let batch = next() {
            work(off: batch)
            guard hasMore() else { return }
            if threads.isBusy { return threads.submit { [self] in takeBatches() } }
        }
    }

    /// Whether more waits; else the caller works no longer.
    private func hasMore() -> Bool {
        state.withLock { state in
            if state.queue.isEmpty { state.workers -= 1 }
            return !state.queue.isEmpty
        }
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
        var turns = batch.map(Turn.init)
        // As much as the longest of the others: the lanes are only as full as they are equal.
        let longest = turns.map(\.count).max() ?? 0
        for index in turns.indices { turns[index].read(max(longest, Self.portion)) }
        let bytes = turns.map(\.bytes)
        var jobs = zip(batch, bytes).map { stream, bytes in MultiBufferMD5.Job(stream.value, bytes.map(\.bytes)) }
        withExtendedLifetime(bytes) { MultiBufferMD5.update(&jobs) }
        for index in batch.indices where turns[index].end(jobs[index].hash, of: batch[index]) {
            state.withLock { $0.queue.append(batch[index]) }
        }
        for turn in turns { turn.tell() }
    }

    /// What is taken in of one stream at a time.
    private struct Turn {
        private let portion: Portion?
        private var source: Source?
        private var failure: (any Error)?
        private var hasEnded = true
        private(set) var bytes: [PinnedBytes]

        init(_ stream: Stream) {
            (portion, source) = stream.state.withLock { state in
                guard state.waiting.isEmpty else { return (state.waiting.removeFirst(), nil) }
                defer { state.source = nil }
                return (nil, state.source)
            }
            bytes = portion?.chunks.map { $0.pinned() } ?? []
        }

        var count: Int { bytes.reduce(0) { $0 + $1.bytes.count } }

        /// Reads so many bytes, where they come from a file.
        mutating func read(_ count: Int) {
            do {
                guard let next = try source?.next(count) else { return }
                bytes.append(next.pinned())
                hasEnded = source.map { $0.position == $0.end } ?? true
            } catch {
                failure = error
            }
        }

        /// - Returns: whether the stream has more.
        func end(_ md5: RunningMD5, of stream: Stream) -> Bool {
            stream.state.withLock { state in
                state.md5 = md5
                if !hasEnded { state.source = source }
                state.isBusy = !state.waiting.isEmpty || state.source != nil
                return state.isBusy
            }
        }

        func tell() {
            portion?.done()
            if hasEnded { source?.done(failure) }
        }
    }
}
