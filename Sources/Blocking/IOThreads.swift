import Foundation
import Glibc
import Synchronization

/// A fixed number of threads for calls that block: writes, syncs, hashing, transactions. They keep such calls off the
/// event loops and off Swift's cooperative pool, whose threads are as few as there are cores.
///
/// Jobs begin in the order in which they come, each on the first thread that is free. What runs on one of the threads
/// already may block there, and does: a request that prefers them as its executor comes over once, does all that blocks,
/// and goes back.
public final class IOThreads: TaskExecutor {
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
            Self.current = self
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

        /// Of the pool whose thread the calling one is: it keeps it alive.
        static var current: Shared? {
            get { pthread_getspecific(key).map { Unmanaged<Shared>.fromOpaque($0).takeUnretainedValue() } }
            set { pthread_setspecific(key, newValue.map { Unmanaged.passUnretained($0).toOpaque() }) }
        }

        private static let key = {
            var key = pthread_key_t()
            // It fails where there are a thousand already; then every thread would take itself for ours.
            precondition(pthread_key_create(&key, nil) == 0, "no key for threads is left")
            return key
        }()
    }

    private let shared = Shared()
    private let count: Int

    /// - Parameters:
    ///   - count: number of threads, at least one.
    ///   - name: what they are called in lists of threads, a number after it.
    public init(count: Int, name: String = "io") {
        self.count = max(1, count)
        for index in 0..<self.count {
            let thread = Thread { [shared] in shared.work() }
            thread.stackSize = 1 << 20
            thread.start()
            // Foundation forgets a name that is set before.
            thread.name = "\(name)-\(index)"
        }
    }

    deinit {
        shared.state.withLock { $0.isStopping = true }
        for _ in 0..<count { shared.available.signal() }
    }

    /// Whether the calling thread is one that may block, of this pool or another.
    public static var mayBlock: Bool { Shared.current != nil }

    /// Whether a job waits for a thread.
    public var isBusy: Bool { shared.state.withLock { $0.head < $0.jobs.count } }

    /// Whether the calling thread is one of these.
    private var areHere: Bool { Shared.current === shared }

    /// Runs a blocking closure on one of the threads: here, where the task is on one of them already. Not cut short by
    /// cancellation.
    ///
    /// - Parameter anywhere: whether a thread of another pool is as good.
    public func run<Result: Sendable, Failure: Error>(
        anywhere: Bool = false, _ body: @escaping @Sendable () throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        if anywhere ? Self.mayBlock : areHere { return try body() }
        return try await withCheckedContinuation { continuation in
            submit { continuation.resume(returning: Swift.Result { () throws(Failure) in try body() }) }
        }.get()
    }

    /// Puts the closure at the end of the queue, wherever the caller is.
    public func submit(_ body: @escaping @Sendable () -> Void) {
        shared.state.withLock { $0.jobs.append(body) }
        shared.available.signal()
    }

    /// Runs a task's next step on one of the threads.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        submit { [self] in job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
}
