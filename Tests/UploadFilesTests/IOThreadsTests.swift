import Dispatch
import Glibc
import Synchronization
import Testing
import UploadFiles
import UploadTestSupport

@Suite(.timeLimit(.minutes(1))) struct IOThreadsTests {
    @Test func givesBackResultsAndErrors() async throws {
        struct Fault: Error {}
        let threads = IOThreads(count: 0)
        #expect(try await threads.run { 6 * 7 } == 42)
        await #expect(throws: Fault.self) { try await threads.run { throw Fault() } }
        #expect(try await threads.run { "after" } == "after")
    }

    @Test func manyAtOnce() async throws {
        let threads = IOThreads(count: 4)
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 1...2000 { group.addTask { try await threads.run { number } } }
            return try await group.reduce(0, +)
        }
        #expect(sum == 2_001_000)
    }

    @Test func jobsRunBesideEachOther() async throws {
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
        _ = try await (one, two)
    }

    @Test func workThatIsWaitingIsDoneThoughThePoolIsLetGo() async throws {
        let gate = DispatchSemaphore(value: 0)
        let jobs = startJobs(of: IOThreads(count: 1), behind: gate)
        gate.signal()
        for job in jobs { try await job.value }
    }

    private func startJobs(of threads: IOThreads, behind gate: DispatchSemaphore) -> [Task<Void, any Error>] {
        (0..<5).map { number in Task { try await threads.run { if number == 0 { gate.wait() } } } }
    }

    /// Buffers hang on jobs: a pool that never runs dry must let go of those it has done.
    @Test func aJobThatIsDoneIsLetGoWhileOthersWait() async throws {
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
            try await threads.run { withExtendedLifetime(buffer) {} }
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
        try await b
        #expect(watched.withLock { $0?.object == nil })
        last.signal()
        _ = try await (a, c, d)
    }
}

/// A reference that does not keep.
private final class WeakReference: @unchecked Sendable {
    weak var object: AnyObject?

    init(_ object: AnyObject) {
        self.object = object
    }
}

@Suite struct InstanceLockTests {
    @Test func theSecondIsRefusedAndTheNextOneAfterItIsNot() throws {
        let folder = try TemporaryDirectory()
        let path = folder("a/b/lock")
        do {
            let first = try InstanceLock(path: path, for: "the database")
            withExtendedLifetime(first) {
                let error = #expect(throws: InstanceLock.HeldError.self) {
                    try InstanceLock(path: path, for: "the database")
                }
                #expect(error?.description.contains("the database is in use by process \(getpid())") == true)
                #expect(TemporaryDirectory.read(path) == Array("\(getpid())\n".utf8))
            }
        }
        #expect(throws: Never.self) { try InstanceLock(path: path, for: "the database") }
    }

    @Test func aLongerNumberOfAnEarlierHolderIsReplaced() throws {
        let folder = try TemporaryDirectory()
        try folder.write(Array("99999999999999999999999\n".utf8), to: "lock")
        let lock = try InstanceLock(path: folder("lock"), for: "it")
        withExtendedLifetime(lock) {
            #expect(TemporaryDirectory.read(folder("lock")) == Array("\(getpid())\n".utf8))
        }
    }

    /// As in a configuration with `database: "data/fupload.sqlite"`.
    @Test func aRelativePathInAFolderThatIsNotThereYet() throws {
        let folder = "fupload-test-\(UInt64.random(in: 0 ... .max))"
        defer {
            unlink(folder + "/lock")
            rmdir(folder)
        }
        #expect(throws: Never.self) { try InstanceLock(path: folder + "/lock", for: "it") }
    }
}
