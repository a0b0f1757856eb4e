import Testing
import UploadCore
import UploadTestSupport

@testable import UploadSQLite

@Suite(.timeLimit(.minutes(2))) struct TaskRepositoryTests {
    private let fixture: DatabaseFixture
    private var repository: SQLiteTaskRepository { fixture.repository }

    init() throws {
        fixture = try DatabaseFixture()
    }

    private func events(of task: UploadTask) async throws -> [String] {
        try await fixture.strings("SELECT kind FROM events WHERE task_id = ? ORDER BY id", [task.id.rawValue])
    }

    // MARK: Registering

    @Test func aTaskThatIsWorkedOnIsActive() async throws {
        let task = try await fixture.register()
        fixture.clock.advance(by: .seconds(5))
        try await fixture.repository.touch(task.id)
        #expect(try await fixture.repository.task(task.id)?.activeAt == fixture.clock.now)
        try await fixture.move(task, to: .cancelled, callback: .cancelled)
        let closed = try await fixture.repository.task(task.id)
        fixture.clock.advance(by: .seconds(5))
        try await fixture.repository.touch(task.id)
        #expect(try await fixture.repository.task(task.id) == closed)
    }

    @Test func aTaskThatIsAskedForAgainIsActive() async throws {
        let task = try await fixture.register()
        fixture.clock.advance(by: .milliseconds(499))
        #expect(try await fixture.register() == task, "not worth a COMMIT yet")
        fixture.clock.advance(by: .milliseconds(1))
        let again = try await fixture.register()
        #expect(again.id == task.id)
        #expect(again.activeAt == fixture.clock.now)
        #expect(try await fixture.repository.task(task.id) == again)
        // The clock may have been set back meanwhile.
        fixture.clock.advance(by: .seconds(-9))
        #expect(try await fixture.register().activeAt == again.activeAt)
    }

    @Test func registersAndReadsBack() async throws {
        let feedback = #"{"b":1.0,"a":"\u00e9 é"}"#
        let registration = DatabaseFixture.registration("é 漢.bin", size: .max - 1, feedback: feedback)
        let task = try await repository.register(registration, targetPath: "/store/é 漢.bin")
        #expect(task.registration == registration)
        #expect((task.state, task.receivedBytes, task.reason) == (.receiving, 0, ""))
        #expect((task.createdAt, task.activeAt) == (fixture.clock.now, fixture.clock.now))
        #expect(try await repository.task(task.id) == task)
        #expect(try await events(of: task) == ["created"])
        #expect(try await repository.task(taskID(4711)) == nil)
        #expect(try await repository.taskWithRanges(taskID(4711)) == nil)
    }

    @Test func fiftyAtOnceMakeOneTask() async throws {
        let ids = try await withThrowingTaskGroup(of: TaskID.self) { group in
            for _ in 0..<50 { group.addTask { try await fixture.register().id } }
            return try await group.reduce(into: Set<TaskID>()) { $0.insert($1) }
        }
        #expect(ids.count == 1)
        #expect(try await fixture.number("SELECT count(*) FROM tasks") == 1)
        #expect(try await fixture.number("SELECT count(*) FROM events") == 1)
    }

    @Test func feedbackDoesNotTellTwoApartButTheRestDoes() async throws {
        let first = try await repository.register(DatabaseFixture.registration(feedback: "1"), targetPath: "/store/a")
        let again = try await repository.register(DatabaseFixture.registration(feedback: "2"), targetPath: "/store/a")
        #expect(again == first)
        var others = [DatabaseFixture.registration("b"), DatabaseFixture.registration(size: 99)]
        others += [DatabaseFixture.registration(user: "v"), DatabaseFixture.registration(server: "cp2")]
        var path = DatabaseFixture.registration()
        path.storePath = "/store/"
        var sum = DatabaseFixture.registration()
        sum.fileMD5 = md5([9])
        for other in others + [path, sum] {
            #expect(try await repository.register(other, targetPath: "/store/a").id != first.id)
        }
    }

    @Test func aClosedTaskIsNotReturnedAgain() async throws {
        let first = try await fixture.closed("a.bin")
        let second = try await fixture.register("a.bin")
        #expect(second.id != first.id)
        #expect(second.state == .receiving)
        #expect(try await repository.task(first.id)?.state == .cancelled)
    }

    @Test func aFileOfNoBytesStartsInVerifying() async throws {
        #expect(try await fixture.register(size: 0).state == .verifying)
    }

    // MARK: Blocks

    @Test func oneRefusedBlockLeavesTheOthers() async throws {
        let good = try await fixture.register("a")
        let closed = try await fixture.closed("b")
        let late = try await fixture.register("c")
        try await fixture.commit(range(10, 19), to: late)
        func block(_ id: TaskID, _ ranges: ByteRange...) -> ReceivedBlock {
            ReceivedBlock(taskID: id, pieces: ranges.map { Block(range: $0, md5: md5([])) })
        }
        var codes: [UploadError.Code?] = []
        var last: CommittedBlock?
        for block in [
            block(good.id, range(0, 9)), block(closed.id, range(0, 9)), block(late.id, range(0, 4), range(19, 25)),
            block(taskID(4711), range(0, 9)), block(good.id, range(5, 14)), block(good.id, range(10, 14)),
        ] {
            do {
                last = try await repository.commit(block)
                codes.append(nil)
            } catch let error as UploadError {
                codes.append(error.code)
            }
        }
        #expect(codes == [nil, .closed, .busy, .noSuchTask, .busy, nil])
        #expect(last == CommittedBlock(state: .receiving, receivedBytes: 15))
        // Of a refused one nothing stays, its first piece neither.
        #expect(try await repository.taskWithRanges(late.id)?.held.ranges == [range(10, 19)])
        #expect(try await repository.taskWithRanges(good.id)?.held.ranges == [range(0, 14)])
    }

    @Test(arguments: [TaskState.receiving, .paused]) func theLastBlockMovesToVerifying(state: TaskState) async throws {
        let task = try await fixture.register(size: 30)
        try await fixture.commit(range(10, 29), to: task)
        if state == .paused { try await fixture.move(task, to: .paused) }
        let last = try await fixture.commit(range(0, 9), to: task)
        #expect(last == CommittedBlock(state: .verifying, receivedBytes: 30))
        #expect(try await repository.task(task.id)?.state == .verifying)
        #expect(try await events(of: task).last == "received")
    }

    // MARK: Moving

    @Test func aMoveWritesStateEventAndCallback() async throws {
        let task = try await fixture.register()
        fixture.clock.advance(by: .seconds(3))
        let draft = CallbackDraft(.cancelled, status: "because", destination: "http://b.test/")
        let moved = try await repository.move(
            task.id, to: .cancelled, reason: "because", callback: draft, check: DatabaseFixture.anything)
        #expect((moved.state, moved.reason) == (.cancelled, "because"))
        #expect(moved.activeAt == task.activeAt)
        #expect(try await events(of: task) == ["created", "cancelled"])
        #expect(try await fixture.strings("SELECT body FROM callbacks") == [draft.body(for: moved)])
        #expect(try await fixture.strings("SELECT closed_at FROM tasks") == [fixture.clock.now.description])
    }

    @Test func orNothing() async throws {
        let task = try await fixture.register()
        struct Refusal: Error {}
        let refused = await #expect(throws: UploadError.self) {
            try await repository.move(task.id, to: .cancelled, reason: "", callback: nil) { task throws(UploadError) in
                #expect(task.state == .receiving)
                throw UploadError.paused
            }
        }
        #expect(refused?.code == .paused)
        let illegal = await #expect(throws: UploadError.self) { try await fixture.move(task, to: .finished) }
        #expect(illegal?.code == .internalError)
        // A callback of a task that stays open is refused last of all.
        let late = await #expect(throws: UploadError.self) {
            try await fixture.move(task, to: .paused, callback: .finished)
        }
        #expect(late?.code == .internalError)
        #expect(try await repository.task(task.id) == task)
        #expect(try await events(of: task) == ["created"])
        let unknown = await #expect(throws: UploadError.self) {
            try await repository.move(
                taskID(4711), to: .paused, reason: "", callback: nil, check: DatabaseFixture.anything)
        }
        #expect(unknown?.code == .noSuchTask)
    }

    @Test func pausingAndResumingAreActivity() async throws {
        let task = try await fixture.register()
        for state in [TaskState.paused, .receiving] {
            fixture.clock.advance(by: .seconds(3))
            let moved = try await fixture.move(task, to: state)
            #expect(moved.activeAt == fixture.clock.now)
            #expect(moved.reason == "")
        }
        #expect(try await events(of: task) == ["created", "paused", "resumed"])
    }

    // MARK: Lost bytes

    @Test(
        arguments: [(0, 30, []), (10, 20, [range(0, 9)]), (15, 20, [range(0, 9)]), (29, 10, [range(0, 19)])]
            as [(Int64, Int64, [ByteRange])])
    func discardsWhatEndsAboveTheLimit(limit: Int64, lost: Int64, kept: [ByteRange]) async throws {
        let task = try await fixture.register(size: 30)
        for start in [0, 10, 20] as [Int64] { try await fixture.commit(range(start, start + 9), to: task) }
        #expect(try await repository.discardBlocks(of: task.id, keepingBytesBelow: limit, reason: "gone") == lost)
        let after = try await repository.taskWithRanges(task.id)
        #expect(after?.held.ranges == kept)
        #expect(after?.task.state == .receiving)
        #expect(try await events(of: task).last == "bytesLost")
        #expect(try await fixture.commit(range(20, 29), to: task).receivedBytes == 40 - lost)
    }

    @Test func aPausedTaskStaysPaused() async throws {
        let task = try await fixture.register()
        try await fixture.commit(range(0, 9), to: task)
        try await fixture.move(task, to: .paused)
        #expect(try await repository.discardBlocks(of: task.id, keepingBytesBelow: 5, reason: "gone") == 10)
        #expect(try await repository.task(task.id)?.state == .paused)
    }

    /// What a closed task held is history.
    @Test func aClosedTaskLosesNothing() async throws {
        let task = try await fixture.register()
        try await fixture.commit(range(0, 9), to: task)
        try await fixture.move(task, to: .cancelled)
        let error = await #expect(throws: UploadError.self) {
            try await repository.discardBlocks(of: task.id, keepingBytesBelow: 0, reason: "gone")
        }
        #expect(error?.code == .closed)
        #expect(try await repository.task(task.id)?.receivedBytes == 10)
    }
}
