import Blocking
import Foundation
import Synchronization
import Testing
import UploadTestSupport

@Suite(.timeLimit(.minutes(1))) struct IOThreadsTests {
    @Test func givesBackResultsAndErrors() async throws {
        struct Fault: Error {}
        let threads = IOThreads(count: 0)
        #expect(await threads.run { 6 * 7 } == 42)
        await #expect(throws: Fault.self) { try await threads.run { throw Fault() } }
        #expect(await threads.run { "after" } == "after")
    }

    @Test func manyAtOnce() async {
        let threads = IOThreads(count: 4)
        let sum = await withTaskGroup(of: Int.self) { group in
            for number in 1...2000 { group.addTask { await threads.run { number } } }
            return await group.reduce(0, +)
        }
        #expect(sum == 2_001_000)
    }

    @Test func jobsRunBesideEachOther() async {
        let threads = IOThreads(count: 2)
        let (left, right) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        async let one: Void = threads.run {
            left.signal()
            right.wait()
        }
        async let two: Void = threads.run {
            right.signal()
            left.wait()
        }
        _ = await (one, two)
    }

    /// One thread: a second job could not begin before the first ends.
    @Test func whoIsThereAlreadyNeedsNoOtherThread() async {
        let threads = IOThreads(count: 1)
        let inner = await withTaskExecutorPreference(threads) {
            #expect(IOThreads.mayBlock)
            let outer = thread()
            return await threads.run { thread() == outer }
        }
        #expect(inner)
    }

    @Test func anotherPoolIsAsGoodOnlyWhereThatIsSaid() async {
        let (here, there) = (IOThreads(count: 1, name: "here"), IOThreads(count: 1, name: "there"))
        let names = await withTaskExecutorPreference(here) {
            [
                await there.run { Thread.current.name },
                await there.run(anywhere: true) { Thread.current.name },
            ]
        }
        #expect(names == ["there-0", "here-0"])
        #expect(await there.run(anywhere: true) { Thread.current.name } == "there-0")
        #expect(!IOThreads.mayBlock)
    }

    @Test func workThatIsWaitingIsDoneThoughThePoolIsLetGo() async {
        let gate = DispatchSemaphore(value: 0)
        let jobs = startJobs(of: IOThreads(count: 1), behind: gate)
        gate.signal()
        for job in jobs { await job.value }
    }

    @Test func itTellsWhetherAJobWaits() async {
        let threads = IOThreads(count: 1)
        #expect(!threads.isBusy)
        let (begun, gate) = (Counter(), DispatchSemaphore(value: 0))
        threads.submit {
            begun.increment()
            gate.wait()
        }
        await begun.reach(1)
        // It is under way, and keeps nobody waiting.
        #expect(!threads.isBusy)
        threads.submit { begun.increment() }
        #expect(threads.isBusy)
        gate.signal()
        await begun.reach(2)
        #expect(!threads.isBusy)
    }

    private func startJobs(of threads: IOThreads, behind gate: DispatchSemaphore) -> [Task<Void, Never>] {
        (0..<5).map { number in Task { await threads.run { if number == 0 { gate.wait() } } } }
    }

    /// Buffers hang on jobs: a pool that never runs dry must let go of those it has done.
    @Test func aJobThatIsDoneIsLetGoWhileOthersWait() async {
        final class Buffer: Sendable {}
        let threads = IOThreads(count: 1)
        let (first, last) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let queued = Counter()
        let watched = Mutex<WeakReference?>(nil)
        async let a: Void = threads.run {
            queued.increment()
            first.wait()
        }
        await queued.reach(1)
        async let b: Void = {
            let buffer = Buffer()
            watched.withLock { $0 = WeakReference(buffer) }
            await threads.run { withExtendedLifetime(buffer) {} }
        }()
        while watched.withLock({ $0 == nil }) { await Task.yield() }
        for _ in 0..<1000 { await Task.yield() }
        async let c: Void = threads.run {
            queued.increment()
            last.wait()
        }
        for _ in 0..<1000 { await Task.yield() }
        async let d: Void = threads.run {}
        for _ in 0..<1000 { await Task.yield() }
        first.signal()
        // The third runs, the fourth waits: the queue has not been empty since the second.
        await queued.reach(2)
        await b
        #expect(watched.withLock { $0?.object == nil })
        last.signal()
        _ = await (a, c, d)
    }
}

/// The calling one.
private func thread() -> ObjectIdentifier { ObjectIdentifier(Thread.current) }

/// A reference that does not keep.
private final class WeakReference: @unchecked Sendable {
    weak var object: AnyObject?

    init(_ object: AnyObject) {
        self.object = object
    }
}
