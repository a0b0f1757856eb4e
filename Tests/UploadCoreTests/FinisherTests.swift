import Testing
import UploadTestSupport

@testable import UploadCore

@Suite(.timeLimit(.minutes(1))) struct FinisherTests {
    private let content = SeededGenerator.bytes(20)
    private let surroundings = FakeSurroundings()

    private func upload() async throws -> UploadTask {
        let task = try await surroundings.register(content)
        let parts = Body.block(range(0, 19), of: content)
        _ = try await surroundings.service.receive(surroundings.address(task), parts: parts)
        return task
    }

    /// Runs the finisher while `body` does its part, and waits until it has come to its end.
    private func running(_ body: () async throws -> Void) async rethrows {
        let running = Task { await surroundings.service.finisher.run() }
        try await body()
        running.cancel()
        await running.value
    }

    @Test func aCompletedUploadIsFinishedAndTold() async throws {
        try await running {
            let task = try await upload()
            await surroundings.observer.told { if case .closed = $0 { true } else { false } }
            #expect(await surroundings.repository.task(task.id)?.state == .finished)
        }
        await surroundings.outboxChanges.reach(1)
        #expect(surroundings.observer.closed == [.finished])
        #expect(surroundings.outboxChanges.value == 1)
    }

    @Test func anEmptyFileFinishesAtOnce() async throws {
        try await running {
            _ = try await surroundings.register([])
            await surroundings.observer.told { if case .closed = $0 { true } else { false } }
        }
        #expect(surroundings.observer.closed == [.finished])
    }

    @Test func troubleIsTriedAgainLaterAndLater() async throws {
        for _ in 0..<8 {
            surroundings.store.faults.fail(.publish, with: UploadError(.storage, "full"))
        }
        try await running {
            let task = try await upload()
            for number in 1...8 {
                await surroundings.clock.slept(number)
                // Written down before it waits: whoever looks finds out why.
                #expect(surroundings.notes.troubles[task.id]?.count == number)
                surroundings.clock.advance(by: .seconds(60))
            }
            await surroundings.observer.told { if case .closed = $0 { true } else { false } }
        }
        #expect(surroundings.clock.requested == [1, 2, 4, 8, 16, 32, 60, 60].map { Duration.seconds($0) })
        #expect(surroundings.observer.closed == [.finished])
    }

    @Test func lostBytesAreAskedForAgainAndCanBeSent() async throws {
        let service = surroundings.service
        let task = try await upload()
        // A cleaner of temporary folders was here.
        await surroundings.store.stage(nil, for: task.id)
        let address = surroundings.address(task)
        try await running {
            while await surroundings.repository.task(task.id)?.state != .receiving { await Task.yield() }
            #expect(try await service.progress(of: address).missing == [range(0, 19)])
            // The answer comes from memory, which has to know too.
            while try await service.sessions.existing(task.id)?.heldRanges().isEmpty == false { await Task.yield() }
            _ = try await service.receive(address, parts: Body.block(range(0, 19), of: content))
            await surroundings.observer.told { if case .closed = $0 { true } else { false } }
        }
        #expect(surroundings.observer.closed == [.finished])
    }

    /// Told once, and without a false alarm, when it is asked twice to finish the same task.
    @Test func remindingTwiceFinishesOnce() async throws {
        let task = try await upload()
        surroundings.service.finisher.enqueue(task.id)
        let hashing = surroundings.store.faults.hold(.digest)
        let publishing = surroundings.store.faults.hold(.publish)
        await running {
            await hashing.arrived()
            // If both go to work, the second overtakes the one that is held.
            for _ in 0..<1000 { await Task.yield() }
            hashing.open()
            await publishing.arrived()
            for _ in 0..<1000 { await Task.yield() }
            publishing.open()
            await surroundings.observer.told { if case .closed = $0 { true } else { false } }
            for _ in 0..<1000 { await Task.yield() }
        }
        #expect(surroundings.observer.closed == [.finished])
        #expect(!surroundings.observer.outcomes.contains { if case .finishDelayed = $0 { true } else { false } })
    }

    /// Going down is no trouble worth a line in the log.
    @Test func beingCancelledIsNotReportedAsTrouble() async throws {
        _ = try await upload()
        let hashing = surroundings.store.faults.hold(.digest)
        surroundings.store.faults.fail(.digest, with: CancellationError())
        await running { await hashing.arrived() }
        #expect(!surroundings.observer.outcomes.contains { if case .finishDelayed = $0 { true } else { false } })
    }
}
