import Foundation
import Glibc
import Synchronization
import Testing
import UploadCore
import UploadTestSupport

/// Uploads of every kind, on a server that dies once.
final class CrashingLife: Sendable {
    /// An upload, and the callback that it is to end with.
    private struct Plan: Sendable {
        var name: String
        /// No two plans have the same.
        var size: Int
        var blockSize = 1000
        var retCode = "0"
        var token = TestBed.token

        var folder: String { "new/\(name)/folder" }
        var file: TestFile { TestFile(size: size, seed: UInt64(size)) }

        func task(_ file: TestFile) -> NewTask {
            let task = NewTask(file, name: name, in: folder).with("token", "\"\(token)\"")
            return retCode == "-2" ? task.with("fileMd5", "\"\(String(repeating: "0", count: 32))\"") : task
        }
    }

    private struct Expected {
        var retCode: String
        /// Below the store.
        var path: String
        var file: TestFile
    }

    private struct State {
        var expected: [Int64: Expected] = [:]
        var examined = 0
    }

    /// The server ended in another way, or once more.
    private struct Unexpected: Error, CustomStringConvertible {
        let description: String
    }

    /// As many, so that each of the hits is one of them.
    private static let robbed = CrashPointTests.mostHits
    private static let finishing = max(6, CrashPointTests.mostHits)

    let survivor: Survivor
    private let bed: TestBed
    private let tried: CrashPointTests.Case
    private let storeDirectory: String
    private let state = Mutex(State())

    init(_ bed: TestBed, dyingAt tried: CrashPointTests.Case, storeDirectory: String) {
        (self.bed, self.tried, self.storeDirectory) = (bed, tried, storeDirectory)
        survivor = Survivor(bed.server)
        // The first attempt fails, so that there is a second one.
        bed.receiver.plan([.status(500)], for: "/one")
    }

    /// Rows of blocks that the doctor held against their bytes between death and start.
    var examined: Int { state.withLock { $0.examined } }
    private var expected: [Int64: Expected] { state.withLock { $0.expected } }

    private var plans: [Plan] {
        (0..<Self.finishing).map { Plan(name: "file-\($0)", size: 2500 + $0) } + [
            Plan(name: "wrong", size: 2400, retCode: "-2"), Plan(name: "cancelled", size: 2300, retCode: "-3"),
            Plan(name: "second", size: 2200, token: TestBed.secondToken),
        ]
    }

    /// As many portions of a copy (1 MiB each) as the process survives, and one more: it dies in the middle.
    private var copied: Plan { Plan(name: "copied", size: (tried.hit << 20) + 1, blockSize: 1 << 20) }

    // MARK: What is there before

    /// Acknowledged bytes vanish, and bytes that nobody knows appear, while the server is down.
    private func leaveTrouble() async throws {
        try await survivor.restart()
        for number in 0..<Self.robbed {
            let file = TestFile(size: 3000, seed: 90 + UInt64(number))
            let handle = try await survivor.register(NewTask(file, name: "robbed-\(number)"))
            _ = try await survivor.send(0...999, of: file, to: handle)
            survivor.release(handle)
        }
        try await survivor.kill()
        for name in bed.server.stagingFiles() {
            let path = bed.server.tmpDirectory + "/" + name
            try FileManager.default.moveItem(
                atPath: path,
                toPath: URL(fileURLWithPath: path).deletingLastPathComponent().path
                    + "/\(Int64.random(in: 1..<1 << 50)).part")
        }
    }

    /// A server dies while it sends callbacks, and while another upload is half done.
    private func leaveClaims() async throws {
        bed.receiver.plan([.hang, .hang], for: "/one")
        try await survivor.restart()
        for plan in [Plan(name: "hung-0", size: 2100), Plan(name: "hung-1", size: 2000)] {
            let id = try await upload(plan)
            _ = try await bed.receiver.callback(for: id)
        }
        // Whoever uploads it later finds it begun.
        let file = plans[0].file
        let begun = try await survivor.register(plans[0].task(file))
        _ = try await survivor.send(0...999, of: file, to: begun)
        #expect(try await bed.server.sqlite("SELECT count(*) FROM callbacks WHERE state = 'sending'") == "2")
        try await survivor.kill()
        bed.receiver.plan([.status(500)], for: "/one")
    }

    // MARK: The life

    /// - Returns: how often the server died: once, or not at all where nothing comes by the point. The one that runs then
    ///   has no deadly point.
    func live() async throws -> Int {
        switch tried.point {
        case .recoveryDemoted, .recoveryOrphanRemoved: try await leaveTrouble()
        case .claimsReleased: try await leaveClaims()
        // Callbacks that are due together are one claim; the attempts of one are one each.
        case .callbackClaimed: bed.receiver.plan(Array(repeating: .status(500), count: tried.hit), for: "/two")
        default: break
        }
        do {
            let deaths = try await withThrowingTaskGroup(of: Int.self) { group in
                group.addTask { try await self.dieOnce() }
                group.addTask {
                    try await self.uploadAll()
                    return 0
                }
                return try await group.reduce(0, +)
            }
            try await settle()
            return deaths
        } catch {
            // Whoever waits in vain for a server can't say what became of it.
            guard let exit = bed.server.process?.output.value.exit else { throw error }
            throw Unexpected(description: "\(tried): \(error); the server ended: \(exit)")
        }
    }

    /// All of it in one place: the server is started, awaited, looked at and started again by nobody else. It may die when
    /// all that can be seen of the uploads has been seen, and that is waited for.
    private func dieOnce() async throws -> Int {
        do {
            try await survivor.restart(environment: ["FAULT_POINT": "\(tried)"])
        } catch is ProgramProcess.EndedEarly {
            // It may die before it listens. How it ended is asked below.
        }
        let exit: UploadTestSupport.ExitStatus?
        do {
            exit = try await bed.server.process?.waitForExit(within: .seconds(60))
        } catch is TimedOut {
            return 0
        }
        guard exit == .signal(SIGKILL) else {
            throw Unexpected(description: "\(tried): the server was to die there, and ended: \(exit, default: "-")")
        }
        try await examine()
        try await survivor.restart()
        return 1
    }

    private func uploadAll() async throws {
        if tried.point == .targetCopied {
            // Before all others, so that nothing else is copied before the death.
            let id = try await upload(copied)
            _ = try await bed.receiver.callback(for: id, within: .seconds(60))
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for plan in plans { group.addTask { _ = try await self.upload(plan) } }
            group.addTask { try await self.uploadNothing() }
            try await group.waitForAll()
        }
    }

    private func upload(_ plan: Plan) async throws -> Int64 {
        let file = plan.file
        let handle = try await survivor.register(plan.task(file))
        expect(plan.retCode, "\(plan.folder)/\(plan.name)", file, of: handle)
        for block in file.blocks(of: plan.blockSize).reversed() {
            let answer = try await survivor.send(block, of: file, to: handle)
            #expect(["0", "1", "9"].contains(answer.retCode), "\(tried): \(answer.text)")
            if plan.retCode == "-3" { break }
        }
        if plan.retCode == "-3" {
            let answer = try await survivor.untilAnswered { try await handle.change(to: "cancel") }
            // 5: the answer to the first try was lost.
            #expect(["0", "5"].contains(answer.retCode), "\(tried): \(answer.text)")
        }
        survivor.release(handle)
        return handle.id
    }

    private func uploadNothing() async throws {
        let file = TestFile(size: 0, seed: 1)
        let handle = try await survivor.register(NewTask(file, name: "empty"))
        expect("0", "in/empty", file, of: handle)
    }

    private func expect(_ retCode: String, _ path: String, _ file: TestFile, of handle: UploadHandle) {
        state.withLock { $0.expected[handle.id] = Expected(retCode: retCode, path: path, file: file) }
    }

    /// Waits until everything has come to its end and has been written down.
    private func settle() async throws {
        for id in expected.keys { _ = try await bed.receiver.callback(for: id, within: .seconds(60)) }
        _ = try await eventually("the end of all uploads", within: .seconds(60)) {
            let open = try await bed.server.sqlite(
                "SELECT (SELECT count(*) FROM tasks WHERE file_name NOT LIKE 'robbed%' AND closed_at IS NULL)"
                    + " + (SELECT count(*) FROM callbacks WHERE state <> 'delivered')")
            return open == "0" && bed.server.stagingFiles().isEmpty ? true : nil
        }
        try await survivor.lookAll()
    }

    // MARK: Between death and start

    /// Holds what the death left against all that is promised, before the next start puts anything right.
    private func examine() async throws {
        let doctor = try await bed.server.doctor()
        state.withLock { $0.examined += Int(doctor.counts["blocks"].integer ?? 0) }
        if tried.point == .migrationInTransaction {
            // The doctor knows one schema, and under an older one nothing was promised yet.
            let isOlder = doctor.error?.contains("older schema") == true
            #expect(doctor.exit == .code(2) && isOlder, "\(tried): \(doctor)")
            return
        }
        #expect(doctor.problems.map(\.check).sorted() == problems, "\(tried): \(doctor)")
        #expect(doctor.exit == .code(problems.isEmpty ? 0 : 1), "\(tried): \(doctor)")
        if tried.point == .targetCopied { expectPartOfACopy() }
    }

    /// What is wrong because the test made it so, in alphabetical order; nothing else may be.
    private var problems: [String] {
        switch tried.point {
        // Nor is this wrong: at the first start there is no task yet whose URLs it could void.
        case .secretWritten: ["key"]
        case .recoveryDemoted:
            Array(repeating: "blocks", count: Self.robbed - tried.hit) + Array(repeating: "orphans", count: Self.robbed)
        case .recoveryOrphanRemoved: Array(repeating: "orphans", count: Self.robbed - tried.hit)
        default: []
        }
    }

    private func expectPartOfACopy() {
        let copies = (FileManager.default.subpaths(atPath: storeDirectory) ?? []).filter { $0.contains("/.fupload-") }
        let sizes = copies.map { bed.server.stored(storeDirectory + "/" + $0)?.count }
        #expect(sizes == [tried.hit << 20], "\(tried): \(copies)")
        #expect(bed.server.stored("\(storeDirectory)/\(copied.folder)/\(copied.name)") == nil, "\(tried)")
    }

    // MARK: Afterwards

    /// Everything is as it was to be. The server is stopped then.
    func check() async throws {
        let expected = expected
        for (id, expected) in expected {
            let callback = try await bed.receiver.callback(for: id)
            #expect(callback.retCode == expected.retCode, "\(tried), \(expected.path): \(callback.text)")
            let stored = bed.server.stored(storeDirectory + "/" + expected.path)
            #expect(stored == (expected.retCode == "0" ? expected.file.bytes : nil), "\(tried), \(expected.path)")
        }
        let ids = Set(bed.receiver.recorded.value.compactMap(\.taskID))
        // A registration whose answer was lost is the same task when it is repeated, unless that was complete by then.
        #expect(ids.isSuperset(of: expected.keys), "\(tried)")
        for callback in bed.receiver.recorded.value {
            #expect(callback.webhookID == callback.taskID.map { "task_\($0)" }, "\(tried): \(callback.text)")
        }
        #expect(try await bed.server.sqlite("PRAGMA integrity_check") == "ok", "\(tried)")
        let names = FileManager.default.subpaths(atPath: storeDirectory) ?? []
        #expect(names.filter { $0.contains(".fupload-") } == [], "\(tried)")
        #expect(try await bed.server.terminate() == .code(0), "\(tried)")
        let doctor = try await bed.server.doctor()
        #expect(doctor.exit == .code(0), "\(tried): \(doctor)")
    }
}
