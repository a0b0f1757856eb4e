import Foundation
import Glibc
import Synchronization
import Testing
import UploadCore
import UploadTestSupport

/// The process dies right after each step of the durability order: the first time that it is made, and later ones.
/// After the next start everything acknowledged is there, and every upload comes to the end that it was to have.
@Suite(.contract, .serialized)
struct CrashPointTests {
    /// A point and the time of its being reached at which the process dies.
    struct Case: Sendable, CustomStringConvertible {
        var point: FaultPoint
        var hit: Int

        var description: String { "\(point.rawValue):\(hit)" }
    }

    private static var isFull: Bool { ProcessInfo.processInfo.environment["SWEEP"] == "full" }
    private static var hits: [Int] { isFull ? Array(1...10) : [1, 2, 4] }

    @Test func everyStepMayBeTheLast() async throws {
        var cases = FaultPoint.allCases.flatMap { point in Self.hits.map { Case(point: point, hit: $0) } }
        var outcomes: [Outcome] = []
        try await withThrowingTaskGroup(of: Outcome.self) { group in
            for _ in 0..<3 where !cases.isEmpty {
                let next = cases.removeFirst()
                group.addTask { try await Self.run(next) }
            }
            while let outcome = try await group.next() {
                outcomes.append(outcome)
                guard !cases.isEmpty else { continue }
                let next = cases.removeFirst()
                group.addTask { try await Self.run(next) }
            }
        }
        for outcome in outcomes where outcome.tried.hit == 1 {
            #expect(outcome.deaths == 1, "no upload comes by \(outcome.tried.point)")
        }
        let deaths = outcomes.reduce(0) { $0 + $1.deaths }
        let acknowledged = outcomes.reduce(0) { $0 + $1.acknowledged }
        let lost = outcomes.flatMap(\.lost)
        #expect(lost == [])
        print(
            "crash points: \(FaultPoint.allCases.count) points, \(outcomes.count) lives, \(deaths) deaths, "
                + "\(acknowledged) acknowledged blocks, \(lost.count) lost")
    }

    struct Outcome: Sendable {
        var tried: Case
        var deaths: Int
        var acknowledged: Int
        var lost: [String]
    }

    private static func run(_ tried: Case) async throws -> Outcome {
        // Copying needs a second file system.
        let store = tried.point == .targetCopied ? "/dev/shm/fupload-\(UUID().uuidString)" : nil
        defer { if let store { try? FileManager.default.removeItem(atPath: store) } }
        var outcome = Outcome(tried: tried, deaths: 0, acknowledged: 0, lost: [])
        try await TestBed.run(overrides: store.map { ["storeDir=\($0)"] } ?? [], startsServer: false) { bed in
            let life = CrashingLife(bed, storeDirectory: store ?? bed.server.storeDirectory)
            if [.recoveryDemoted, .recoveryOrphanRemoved].contains(tried.point) { try await life.leaveTrouble() }
            outcome.deaths = try await life.live(dyingAt: "\(tried)")
            outcome.acknowledged = life.survivor.acknowledgements
            outcome.lost = life.survivor.lost.map { "\(tried): \($0)" }
            try await life.check("\(tried)")
        }
        return outcome
    }
}

/// A few uploads of every kind, on a server that dies once.
private final class CrashingLife: Sendable {
    private struct Expected {
        var retCode: String
        var name: String
        var file: TestFile
    }

    let survivor: Survivor
    private let bed: TestBed
    private let storeDirectory: String
    private let expected = Mutex<[Int64: Expected]>([:])

    init(_ bed: TestBed, storeDirectory: String) {
        (self.bed, self.storeDirectory) = (bed, storeDirectory)
        survivor = Survivor(bed.server)
        // The first attempt fails, so that there is a second one.
        bed.receiver.plan([.status(500)], for: "/one")
    }

    /// Acknowledged bytes vanish, and bytes that nobody knows appear, while the server is down.
    func leaveTrouble() async throws {
        try await survivor.restart()
        for number in 0..<4 {
            let file = TestFile(size: 3000, seed: 90 + UInt64(number))
            let handle = try await survivor.register(NewTask(file, name: "robbed-\(number)"))
            _ = try await survivor.send(0...999, of: file, to: handle)
            survivor.release(handle)
        }
        try await bed.server.kill()
        for name in bed.server.stagingFiles() {
            let path = bed.server.tmpDirectory + "/" + name
            try FileManager.default.moveItem(
                atPath: path,
                toPath: URL(fileURLWithPath: path).deletingLastPathComponent().path
                    + "/\(Int64.random(in: 1..<1 << 50)).part")
        }
    }

    /// - Returns: how often the server died.
    func live(dyingAt point: String) async throws -> Int {
        let deaths = Mutex(0)
        let keeper = Task {
            try await start(environment: ["FAULT_POINT": point], deaths)
            while true {
                guard let process = bed.server.process else { return }
                let exit = try await process.waitForExit(within: .seconds(120))
                guard exit == .signal(SIGKILL) else { throw Unexpected(exit: exit) }
                deaths.withLock { $0 += 1 }
                try await start(environment: [:], deaths)
            }
        }
        defer { keeper.cancel() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, retCode) in ["0", "0", "-2", "-3"].enumerated() {
                group.addTask { try await self.upload(number, to: retCode) }
            }
            group.addTask { try await self.uploadNothing() }
            try await group.waitForAll()
        }
        // Until the last callback is written down the server may still die.
        _ = try await eventually("the end of all uploads", within: .seconds(60)) {
            let open =
                "SELECT (SELECT count(*) FROM tasks WHERE file_name NOT LIKE 'robbed%' AND closed_at IS NULL)"
                + " + (SELECT count(*) FROM callbacks WHERE state <> 'delivered')"
            let count = try? await bed.server.sqlite(open)
            return count == "0" && bed.server.stagingFiles().isEmpty ? true : nil
        }
        return deaths.withLock { $0 }
    }

    private struct Unexpected: Error {
        var exit: UploadTestSupport.ExitStatus
    }

    /// The server may die before it listens.
    private func start(environment: [String: String], _ deaths: borrowing Mutex<Int>) async throws {
        do {
            try await survivor.restart(environment: environment)
        } catch is ProgramProcess.EndedEarly where !environment.isEmpty {
            deaths.withLock { $0 += 1 }
            try await survivor.restart()
        }
    }

    private func upload(_ number: Int, to retCode: String) async throws {
        let file = TestFile(size: 30_000 + number * 777, seed: UInt64(number) + 1)
        var task = NewTask(file, name: "file-\(number)", in: "new/\(number)/folder")
        if retCode == "-2" { task = task.with("fileMd5", "\"\(String(repeating: "0", count: 32))\"") }
        let handle = try await survivor.register(task)
        expected.withLock {
            $0[handle.id] = Expected(retCode: retCode, name: "new/\(number)/folder/file-\(number)", file: file)
        }
        for block in file.blocks(of: 7000).reversed() {
            let answer = try await survivor.send(block, of: file, to: handle)
            #expect(["0", "1", "9"].contains(answer.retCode), "\(answer.text)")
            if retCode == "-3" { break }
        }
        if retCode == "-3" {
            let answer = try await survivor.untilAnswered { try await handle.change(to: "cancel") }
            // 5: the answer to the first try was lost.
            #expect(["0", "5"].contains(answer.retCode), "\(answer.text)")
        }
        survivor.release(handle)
    }

    private func uploadNothing() async throws {
        let file = TestFile(size: 0, seed: 1)
        let handle = try await survivor.register(NewTask(file, name: "empty"))
        expected.withLock { $0[handle.id] = Expected(retCode: "0", name: "in/empty", file: file) }
    }

    func check(_ what: String) async throws {
        for (id, expected) in expected.withLock({ $0 }) {
            let callback = try await bed.receiver.callback(for: id)
            #expect(callback.retCode == expected.retCode, "\(what), \(expected.name): \(callback.text)")
            let stored = bed.server.stored(storeDirectory + "/" + expected.name)
            #expect(stored == (expected.retCode == "0" ? expected.file.bytes : nil), "\(what), \(expected.name)")
        }
        let ids = Set(bed.receiver.recorded.value.compactMap(\.taskID))
        // A registration whose answer was lost is the same task when it is repeated, unless that was complete by then.
        #expect(ids.isSuperset(of: expected.withLock { $0.keys }), "\(what)")
        for callback in bed.receiver.recorded.value {
            #expect(callback.webhookID == callback.taskID.map { "task_\($0)" }, "\(what): \(callback.text)")
        }
        #expect(try await bed.server.sqlite("PRAGMA integrity_check") == "ok", "\(what)")
        let names = FileManager.default.subpaths(atPath: storeDirectory) ?? []
        #expect(names.filter { $0.contains(".fupload-") } == [], "\(what)")
        #expect(try await bed.server.terminate() == .code(0), "\(what)")
        let doctor = try await bed.server.doctor()
        #expect(doctor.exit == .code(0), "\(what): \(doctor)")
    }
}
