import Synchronization
import Testing
import UploadTestSupport

@testable import UploadCore

@Suite(.timeLimit(.minutes(1))) struct BatcherTests {
    /// Works batches off when it is let, and writes them down.
    private final class Work: Sendable {
        let batches = Mutex<[[Int]]>([])
        let first = Checkpoint()
        let error = Mutex<(any Error)?>(nil)

        func process(_ items: [Int]) async throws -> [Result<Int, UploadError>] {
            batches.withLock { $0.append(items) }
            await first.pass()
            if let error = error.withLock({ $0 }) { throw error }
            return items.map { $0 < 0 ? .failure(.paused) : .success($0 * 10) }
        }
    }

    private let work = Work()

    private func submit(_ items: [Int], to batcher: Batcher<Int, Int>) -> [Task<Int, any Error>] {
        items.map { item in Task { try await batcher.submit(item) } }
    }

    @Test func whatComesWhileABatchRunsFormsTheNext() async throws {
        let batcher = Batcher<Int, Int>(limit: 3) { [work] in try await work.process($0) }
        let first = submit([1], to: batcher)
        await work.first.arrived()
        let rest = submit([2, 3, 4, 5], to: batcher)
        await waitUntilQueued(rest.count, in: batcher)
        work.first.open()
        for (task, item) in zip(first + rest, 1...) { #expect(try await task.value == item * 10) }
        let batches = work.batches.withLock { $0 }
        #expect(batches.map(\.count) == [1, 3, 1])
        #expect(batches.flatMap { $0 }.sorted() == [1, 2, 3, 4, 5])
    }

    @Test func oneFailsAlone() async throws {
        let batcher = Batcher<Int, Int> { [work] in try await work.process($0) }
        work.first.open()
        async let good = batcher.submit(1)
        let bad = Task { try await batcher.submit(-1) }
        #expect(try await good == 10)
        let error = await #expect(throws: UploadError.self) { try await bad.value }
        #expect(error?.code == .paused)
    }

    @Test func anErrorOfTheBatchGoesToAllOfIt() async throws {
        let batcher = Batcher<Int, Int> { [work] in try await work.process($0) }
        let first = submit([1], to: batcher)
        await work.first.arrived()
        let rest = submit([2, 3], to: batcher)
        await waitUntilQueued(2, in: batcher)
        work.error.withLock { $0 = UploadError(.storage, "full") }
        work.first.open()
        for task in first + rest {
            let error = await #expect(throws: UploadError.self) { try await task.value }
            #expect(error?.code == .storage)
        }
        // And the next one is served again.
        work.error.withLock { $0 = nil }
        #expect(try await batcher.submit(7) == 70)
    }

    @Test func aCancelledSubmitterIsWorkedOffAllTheSame() async throws {
        let batcher = Batcher<Int, Int> { [work] in try await work.process($0) }
        let first = submit([1], to: batcher)
        await work.first.arrived()
        let cancelled = submit([2], to: batcher)
        await waitUntilQueued(1, in: batcher)
        for task in first + cancelled { task.cancel() }
        work.first.open()
        #expect(try await first[0].value == 10)
        #expect(try await cancelled[0].value == 20)
        #expect(work.batches.withLock { $0 } == [[1], [2]])
    }

    /// Actors have no order that a test could rely on, so it looks.
    private func waitUntilQueued(_ count: Int, in batcher: Batcher<Int, Int>) async {
        while await batcher.queued < count, !Task.isCancelled { await Task.yield() }
    }
}

extension Batcher {
    fileprivate var queued: Int { Mirror(reflecting: self).queuedItems }
}

extension Mirror {
    /// The items that wait in a batcher; 0 when it has no such list, which a test then hangs on visibly.
    fileprivate var queuedItems: Int {
        children.first { $0.label == "waiting" }.map { Mirror(reflecting: $0.value).children.count } ?? 0
    }
}

@Suite(.timeLimit(.minutes(1))) struct GateTests {
    /// How many are inside, and how many were at the most.
    private final class Occupancy: Sendable {
        private let state = Mutex((now: 0, most: 0))

        var most: Int { state.withLock { $0.most } }

        func visit() async {
            state.withLock { state in
                state.now += 1
                state.most = max(state.most, state.now)
            }
            await Task.yield()
            state.withLock { $0.now -= 1 }
        }
    }

    @Test func noMoreThanItsWidthAtOnceForEachKey() async {
        let gate = Gate<Int>(width: 2)
        let rooms = [Occupancy(), Occupancy()]
        await withTaskGroup(of: Void.self) { group in
            for index in 0..<200 {
                let key = index % 3 == 0 ? 0 : 1
                group.addTask { await gate.pass(key) { await rooms[key].visit() } }
            }
        }
        for room in rooms { #expect((1...2).contains(room.most)) }
    }

    @Test func inOrderOfArrivalAndOtherKeysPass() async throws {
        let gate = Gate<String>(width: 1)
        let journal = Journal()
        let checkpoint = Checkpoint()
        let first = Task { await gate.pass("a") { await checkpoint.pass() } }
        await checkpoint.arrived()
        var waiting: [Task<Void, Never>] = []
        for number in 1...5 {
            waiting.append(Task { await gate.pass("a") { journal.note("\(number)") } })
            while await gate.queued < number { await Task.yield() }
        }
        await gate.pass("b") { journal.note("b") }
        checkpoint.open()
        await first.value
        for task in waiting { await task.value }
        #expect(journal.entries == ["b", "1", "2", "3", "4", "5"])
    }

    @Test func anErrorLeavesThePlaceFree() async throws {
        let gate = Gate<Int>(width: 1)
        await #expect(throws: UploadError.self) { try await gate.pass(1) { throw UploadError.paused } }
        #expect(await gate.pass(1) { 5 } == 5)
    }
}

extension Gate {
    fileprivate var queued: Int {
        let waiting = Mirror(reflecting: self).children.first { $0.label == "waiting" }?.value
        return (waiting as? [Key: [CheckedContinuation<Void, Never>]])?.values.reduce(0) { $0 + $1.count } ?? 0
    }
}
