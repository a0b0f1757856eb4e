import Foundation
import Synchronization

/// A fixed number of threads for calls that block: writes, syncs, hashing. They keep such calls off the event loops and
/// off Swift's cooperative pool, whose threads are as few as there are cores.
///
/// Jobs begin in the order in which they come, each on the first thread that is free.
public final class IOThreads: Sendable {
    private typealias Job = @Sendable () -> Void

    private struct State {
        var jobs: [Job?] = []
        var head = 0
        var isStopping = false

        mutating func next() -> Job? {
            guard head < jobs.count else { return nil }
            defer {
                // A job holds buffers; it goes when it is taken, not when the queue happens to run empty.
                jobs[head] = nil
                head += 1
                if head == jobs.count || head > 1024 && head > jobs.count / 2 {
                    jobs.removeFirst(head)
                    head = 0
                }
            }
            return jobs[head]
        }
    }

    /// What the threads share with the pool; they keep it alive, not the pool.
    private final class Shared: Sendable {
        let state = Mutex(State())
        let available = DispatchSemaphore(value: 0)

        func work() {
            while true {
                available.wait()
                let job = state.withLock { $0.next() }
                if let job {
                    job()
                } else if state.withLock({ $0.isStopping }) {
                    return
                }
            }
        }
    }

    private let shared = Shared()
    private let count: Int

    /// - Parameter count: number of threads, at least one.
    public init(count: Int) {
        self.count = max(1, count)
        for index in 0..<self.count {
            let thread = Thread { [shared] in shared.work() }
            thread.name = "io-\(index)"
            thread.stackSize = 256 << 10
            thread.start()
        }
    }

    deinit {
        shared.state.withLock { $0.isStopping = true }
        for _ in 0..<count { shared.available.signal() }
    }

    /// Runs a blocking closure on one of the threads. Not cut short by cancellation.
    public func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            submit { continuation.resume(with: Swift.Result { try body() }) }
        }
    }

    /// The same, where the closure itself says that it is done.
    func submit(_ body: @escaping @Sendable () -> Void) {
        shared.state.withLock { $0.jobs.append(body) }
        shared.available.signal()
    }
}
