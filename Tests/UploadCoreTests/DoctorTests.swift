import Synchronization
import Testing
import UploadTestSupport

@testable import UploadCore

/// What the doctor makes of a task that moves on while it looks.
@Suite struct DoctorTests {
    private let clock = ManualClock()

    private func facts(_ state: TaskState, callback: TaskFacts.Callback.State? = nil) -> TaskFacts {
        let registration = Registration(
            businessServer: "cp1", userID: "u", storePath: "/store", fileName: "a", fileSize: 10,
            fileMD5: md5([]), feedback: nil)
        let task = UploadTask(
            id: taskID(7), state: state, registration: registration, targetPath: "/store/a", keyGeneration: 1,
            receivedBytes: state.isComplete ? 10 : 5, reason: "", createdAt: clock.now, activeAt: clock.now)
        var rows = TaskFacts.Rows()
        rows.count = 1
        rows.bytes = task.receivedBytes
        rows.end = task.receivedBytes
        return TaskFacts(
            task: task, heldEnd: rows.end, closedAt: state.isClosed ? clock.now : nil, rows: rows,
            callbacks: callback.map {
                [TaskFacts.Callback(state: $0, attempts: 1, lastAttempt: 1, wasAccepted: $0 == .delivered)]
            } ?? [],
            ends: state.isClosed ? [state.rawValue] : [], wasVerified: false)
    }

    private func check(_ database: ScriptedDatabase, _ files: ScriptedFiles = ScriptedFiles()) async throws -> [Finding]
    {
        let findings = Mutex<[Finding]>([])
        let checkup = try await Doctor(database: database, files: files, clock: clock).check { finding in
            findings.withLock { $0.append(finding) }
        }
        let found = findings.withLock { $0 }
        #expect(checkup.problems == found.count { $0.severity == .problem })
        return found
    }

    // MARK: The second look

    @Test func bytesThatAreNotThereAreAProblem() async throws {
        let found = try await check(ScriptedDatabase([facts(.receiving), facts(.receiving)]))
        #expect(found.map(\.check) == [.blocks])
        #expect(found.first?.text.contains("bytes 0-4 (5 bytes in 1 blocks)") == true)
    }

    @Test func bytesWhoseRowIsGoneByNowAreNone() async throws {
        var database = ScriptedDatabase([facts(.receiving), facts(.receiving)])
        database.keepsRows = false
        #expect(try await check(database) == [])
    }

    @Test func aTaskThatFinishedMeanwhileIsJudgedAsFinished() async throws {
        let finished = facts(.finished, callback: .delivered)
        // Its staging file is longer than the file at the first look, and its target is gone at the second.
        var files = ScriptedFiles()
        files.size = 11
        let found = try await check(ScriptedDatabase([facts(.receiving), finished, finished], keepsRows: false), files)
        #expect(found.map(\.severity) == [.note])
        #expect(found.map(\.check) == [.finished])
    }

    @Test func aFileThatItsReceiverTookWhileItWasLookedAtIsNoProblem() async throws {
        let before = facts(.finished, callback: .pending)
        let after = facts(.finished, callback: .delivered)
        let found = try await check(ScriptedDatabase([before, after, after]))
        #expect(found.map(\.severity) == [.note])
        let lost = try await check(ScriptedDatabase([before, before]))
        #expect(lost.map(\.severity) == [.problem])
    }

    @Test func aCallbackOnItsWayMayHaveArrived() async throws {
        let sending = facts(.finished, callback: .sending)
        var files = ScriptedFiles()
        files.isRunning = true
        #expect(try await check(ScriptedDatabase([sending, sending]), files).map(\.severity) == [.note])
        files.isRunning = false
        // Of a server that died; the claim itself is a note.
        #expect(try await check(ScriptedDatabase([sending, sending]), files).map(\.severity) == [.problem, .note])
    }

    @Test func aTaskThatIsPurgedMeanwhileIsNothing() async throws {
        #expect(try await check(ScriptedDatabase([facts(.receiving), nil])) == [])
    }

    @Test func aTaskThatChangesAllTheTimeIsANote() async throws {
        let states: [TaskFacts?] = (0..<20).map { facts($0.isMultiple(of: 2) ? .receiving : .verifying) }
        let found = try await check(ScriptedDatabase(states))
        #expect(found.map(\.severity) == [.note])
    }

    // MARK: The secrets of task keys

    @Test func aSecretThatOpenTasksNeedHasToBeThere() async throws {
        var files = ScriptedFiles()
        files.found = .generations([2, 4])
        let found = try await check(ScriptedDatabase([], generations: [1, 2, 3], [1, 2, 3]), files)
        #expect(found.map(\.check) == [.key] && found.map(\.severity) == [.problem])
        #expect(found.first?.text.contains("of generation 1, 3, ") == true)
        #expect(try await check(ScriptedDatabase([], generations: [2], [2]), files) == [], "others may be there too")
        #expect(try await check(ScriptedDatabase([], generations: [], []), files) == [])
    }

    @Test func aSecretThatWasDroppedOrAddedWhileItLookedIsNoProblem() async throws {
        var files = ScriptedFiles()
        files.found = .generations([2])
        // The last task of the first closed, and its secret went, before the file was read.
        #expect(try await check(ScriptedDatabase([], generations: [1, 2], [2]), files) == [])
        // The third one was added, and its first task registered, after the file was read.
        #expect(try await check(ScriptedDatabase([], generations: [2], [2, 3]), files) == [])
        #expect(try await check(ScriptedDatabase([], generations: [1, 2], [2, 3]), files) == [])
    }

    @Test func secretsThatCanNotBeUsedAreOneProblem() async throws {
        var files = ScriptedFiles()
        files.found = .unusable("the secret file is not there")
        let found = try await check(ScriptedDatabase([], generations: [1], [1]), files)
        #expect(found == [Finding(.problem, .key, "the secret file is not there")])
    }

    // MARK: What can't be looked at

    @Test func aDamagedDatabaseIsOneProblemAndTheEnd() async throws {
        var database = ScriptedDatabase([facts(.receiving), facts(.receiving)])
        database.faults = ["row 1 missing from index x"]
        let found = try await check(database)
        #expect(found.map(\.check) == [.integrity])
        #expect(found.first?.text.contains("row 1 missing from index x") == true)
    }

    @Test func bytesThatCanNotBeReadAreAProblemWithoutARemedy() async throws {
        var files = ScriptedFiles()
        files.bytes = .unreadable("Input/output error")
        let database = ScriptedDatabase([facts(.receiving), facts(.receiving)])
        let found = try await check(database, files)
        #expect(found.map(\.check) == [.blocks])
        #expect(found.first?.text.contains("Input/output error") == true)
        let suspicions = Mutex<[Suspicion]>([])
        let again = ScriptedDatabase([facts(.receiving), facts(.receiving)])
        _ = try await Doctor(database: again, files: files, clock: clock).survey { suspicion, _ in
            suspicions.withLock { $0.append(suspicion) }
        }
        #expect(suspicions.withLock { $0.map(\.remedy) } == [nil], "they may be there again after a repair of the disk")
    }
}

/// One task, which is found in one state after the other.
private struct ScriptedDatabase: DatabaseAudit {
    private let looks: Looks<TaskFacts?>
    private let generations: Looks<Set<Int>>
    var keepsRows: Bool
    var faults: [String] = []

    private final class Looks<Fact: Sendable>: Sendable {
        let left: Mutex<[Fact]>
        init(_ facts: [Fact]) { left = Mutex(facts) }
        func next() -> Fact? { left.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
    }

    private func look() -> TaskFacts? { looks.next().flatMap { $0 } }

    /// - Parameter generations: those of open tasks' keys, at one look after the other; none after that.
    init(_ facts: [TaskFacts?], keepsRows: Bool = true, generations: Set<Int>...) {
        looks = Looks(facts)
        self.generations = Looks(generations)
        self.keepsRows = keepsRows
    }

    func integrityFaults() -> [String] { faults }
    func schemaFaults() -> [SchemaFault] { [] }
    func strayRows() -> [StrayRows] { [] }
    func wrongTotals() -> [String] { [] }
    func isReplaced(_ facts: TaskFacts) -> Bool { false }
    func stillHeld(_ blocks: [Block], of id: TaskID) -> [Block] { keepsRows ? blocks : [] }
    func task(_ id: TaskID) -> TaskFacts? { look() }
    func openKeyGenerations() -> Set<Int> { generations.next() ?? [] }

    func tasks(after id: TaskID?, limit count: Int) -> [TaskFacts] {
        id == nil ? [look()].compactMap { $0 } : []
    }

    func blocks(of id: TaskID, after start: Int64?, limit count: Int) -> [Block] {
        start == nil ? [Block(range: range(0, 4), md5: md5([1]))] : []
    }
}

/// Nothing is where it should be.
private struct ScriptedFiles: FilesAudit {
    let stagingFolder = "/staging"
    var isRunning = false
    var size: Int64?
    var bytes = FoundBytes.missing
    var found = FoundSecrets.generations([1])

    func isServerRunning() -> Bool { isRunning }
    func hasStagingFolder() -> Bool { true }
    func stagingNames() -> [StagingName] { [] }
    func isStaged(_ name: String) -> Bool { false }
    func stagedSize(of id: TaskID) -> Int64? { size }
    func look(at ranges: [ByteRange], stagedFor id: TaskID) -> [FoundBytes] { ranges.map { _ in bytes } }
    func look(atPublished path: String) -> FoundFile { .missing }
    func hasLeftover(of id: TaskID, beside path: String) -> Bool { false }
    func secrets() -> FoundSecrets { found }
}
