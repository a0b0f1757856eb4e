import Testing
import UploadTestSupport

@testable import UploadCore

@Suite(.timeLimit(.minutes(1))) struct TaskSessionTests {
    private let surroundings = FakeSurroundings()

    private func session(of content: [UInt8] = SeededGenerator.bytes(100)) async throws -> (TaskSession, TaskID) {
        let task = try await surroundings.register(content)
        let session = surroundings.session(of: task.id)
        return (session, task.id)
    }

    private func commit(_ range: ByteRange, of id: TaskID) async throws -> [Block] {
        let pieces = [Block(range: range, md5: md5([]))]
        await surroundings.store.stage(SeededGenerator.bytes(100), for: id)
        _ = try await surroundings.repository.commit(ReceivedBlock(taskID: id, pieces: pieces))
        return pieces
    }

    @Test func piecesAreWhatIsMissing() async throws {
        let (session, id) = try await session()
        _ = try await commit(range(10, 19), of: id)
        let claim = try await session.claim(range(5, 24), cut: CutSignal())
        #expect(claim.pieces == [range(5, 9), range(20, 24)])
        #expect(await session.isReceiving)
        await session.release(
            claim, DurableBlock(pieces: claim.pieces.map { Block(range: $0, md5: md5([])) }))
        #expect(await !session.isReceiving)
        #expect(try await session.heldRanges().ranges == [range(5, 24)])
    }

    @Test func aNewerRequestCutsAnOlderOne() async throws {
        let (session, _) = try await session()
        let cut = CutSignal()
        let older = try await session.claim(range(0, 49), cut: cut)
        async let newer = session.claim(range(49, 60), cut: CutSignal())
        await #expect(throws: UploadError.self) { try await cut.wait() }
        await session.abandon(older)
        #expect(try await newer.pieces == [range(49, 60)])
    }

    @Test func rangesThatTouchDoNotMeet() async throws {
        let (session, _) = try await session()
        let cut = CutSignal()
        _ = try await session.claim(range(0, 49), cut: cut)
        _ = try await session.claim(range(50, 99), cut: CutSignal())
        #expect(cut.error == nil)
    }

    @Test func oneThatIsAcknowledgingIsWaitedFor() async throws {
        let (session, id) = try await session()
        let cut = CutSignal()
        let older = try await session.claim(range(0, 49), cut: cut)
        try older.beginAcknowledging()
        let newer = Task { try await session.claim(range(40, 59), cut: CutSignal()) }
        let pieces = try await commit(range(0, 49), of: id)
        await session.release(older, DurableBlock(pieces: pieces))
        #expect(try await newer.value.pieces == [range(50, 59)])
        #expect(cut.error == nil)
    }

    @Test func aRequestThatWaitedTooLongIsSupersededByANewerOne() async throws {
        let (session, _) = try await session()
        let oldest = try await session.claim(range(0, 9), cut: CutSignal())
        try oldest.beginAcknowledging()
        // Both wait; whichever wakes first, the last one to come ends up with the range.
        let cut = CutSignal()
        let middle = Task { try await session.claim(range(0, 9), cut: cut) }
        while await session.ticketsGiven < 2 { await Task.yield() }
        let newest = Task { try await session.claim(range(0, 9), cut: CutSignal()) }
        while await session.ticketsGiven < 3 { await Task.yield() }
        await session.release(oldest)
        do {
            let claim = try await middle.value
            // It was first, and has been cut since, or will be.
            await #expect(throws: UploadError.self) { try await cut.wait() }
            await session.abandon(claim)
        } catch let error as UploadError {
            #expect(error.code == .busy)
        }
        #expect(try await newest.value.pieces == [range(0, 9)])
    }

    @Test func anAbandonedClaimMakesItLookAgain() async throws {
        let (session, id) = try await session()
        let claim = try await session.claim(range(0, 9), cut: CutSignal())
        // The COMMIT happened, though the request was told that it failed.
        _ = try await commit(range(0, 9), of: id)
        await session.abandon(claim)
        #expect(try await session.claim(range(0, 14), cut: CutSignal()).pieces == [range(10, 14)])
    }

    /// A reading that began before the failed COMMIT must not be taken for what the database has after it.
    @Test func abandoningDuringAReadingMakesItReadAgain() async throws {
        let (session, id) = try await session()
        let first = try await session.claim(range(0, 9), cut: CutSignal())
        let other = try await session.claim(range(20, 29), cut: CutSignal())
        await session.abandon(other)
        let reading = surroundings.repository.faults.hold(.load)
        let claiming = Task { try await session.claim(range(20, 29), cut: CutSignal()) }
        await reading.arrived()
        _ = try await commit(range(0, 9), of: id)
        await session.abandon(first)
        reading.open()
        _ = try await claiming.value
        #expect(try await session.heldRanges().ranges == [range(0, 9)])
    }

    @Test func resetForgetsAndAReadingFromBeforeIsNotBelieved() async throws {
        let (session, id) = try await session()
        _ = try await commit(range(0, 9), of: id)
        let reading = surroundings.repository.faults.hold(.load)
        let held = Task { try await session.heldRanges() }
        await reading.arrived()
        await surroundings.repository.plant(id, .receiving, blocks: [])
        await session.reset()
        reading.open()
        #expect(try await held.value.isEmpty)
    }

    @Test func endingCutsAndWaitsAndLetsNobodyIn() async throws {
        let (session, _) = try await session()
        let cuts = [CutSignal(), CutSignal()]
        let first = try await session.claim(range(0, 9), cut: cuts[0])
        let second = try await session.claim(range(10, 19), cut: cuts[1])
        let revoking = Task { await session.end(.closed(.cancelled)) }
        for cut in cuts {
            let error = await #expect(throws: UploadError.self) { try await cut.wait() }
            #expect(error?.code == .closed)
        }
        await session.abandon(first)
        await session.abandon(second)
        await revoking.value
        #expect(await !session.isReceiving)
        let refused = await #expect(throws: UploadError.self) {
            try await session.claim(range(20, 29), cut: CutSignal())
        }
        #expect(refused?.code == .closed)
    }

    @Test func theStagingFileIsOpenedOnceUntilItIsLetGo() async throws {
        let (session, _) = try await session()
        surroundings.store.faults.fail(.open, with: UploadError(.storage, "full"))
        await #expect(throws: UploadError.self) { try await session.file() }
        async let one = session.file()
        async let two = session.file()
        #expect(try await one === two)
        #expect(await surroundings.store.opens == 1)
        await session.closeFile()
        _ = try await session.file()
        #expect(await surroundings.store.opens == 2)
    }
}

extension FakeSurroundings {
    /// A session that nobody shares.
    func session(of id: TaskID) -> TaskSession { TaskSession(id: id, reader: service.reader, store: store) }
}

extension TaskSession {
    /// How many claims have been asked for: there is no signal for one that waits.
    var ticketsGiven: Int {
        Mirror(reflecting: self).children.first { $0.label == "tickets" }?.value as? Int ?? 0
    }
}

@Suite struct TaskSessionsTests {
    private static func sessions(idleLimit: Int) -> TaskSessions {
        let surroundings = FakeSurroundings()
        return TaskSessions(idleLimit: idleLimit) {
            surroundings.session(of: $0)
        }
    }

    @Test func keepsTheSameWhileInUseAndAfter() async throws {
        let sessions = Self.sessions(idleLimit: 10)
        #expect(sessions.existing(taskID(1)) == nil)
        let first = try await sessions.with(taskID(1)) { $0 }
        try await sessions.with(taskID(1)) { session in
            #expect(session === first)
            // It goes with its last user: that of a finished upload is most often still there when the task is closed.
            sessions.forget(taskID(1))
            #expect(sessions.existing(taskID(1)) === first)
        }
        #expect(sessions.existing(taskID(1)) == nil)
        _ = try await sessions.with(taskID(1)) { $0 }
        sessions.forget(taskID(1))
        #expect(sessions.existing(taskID(1)) == nil)
    }

    @Test func dropsTheLeastRecentlyUsedIdleOnes() async throws {
        let sessions = Self.sessions(idleLimit: 4)
        try await sessions.with(taskID(99)) { _ in
            for number in 1...5 { try await sessions.with(taskID(Int64(number))) { _ in } }
            #expect(sessions.existing(taskID(99)) != nil)
            #expect(sessions.existing(taskID(1)) == nil)
            #expect(sessions.existing(taskID(5)) != nil)
            #expect((1...5).count { sessions.existing(taskID($0)) != nil } <= 4)
        }
    }
}

extension TaskSession {
    /// Whether a request holds a claim.
    var isReceiving: Bool { !claims.isEmpty }
}
