import Synchronization
import Testing
import UploadTestSupport

@testable import UploadCore

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
