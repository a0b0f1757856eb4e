import Foundation
import Synchronization
import Testing
import UploadTestSupport

/// kill -9 at random moments, over and over: what was acknowledged stays, and every upload comes to its end.
@Suite(.contract, .serialized)
struct CrashSweepTests {
    @Test func nothingAcknowledgedIsEverLost() async throws {
        let kills = ProcessInfo.processInfo.environment["CRASH_KILLS"].flatMap { Int($0) } ?? 200
        try await TestBed.run(startsServer: false) { bed in
            let sweep = Sweep(bed: bed)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for uploader in 0..<4 { group.addTask { try await sweep.upload(uploader) } }
                try await sweep.kill(times: kills)
                try await group.waitForAll()
            }
            try await sweep.lookAll()
            #expect(sweep.lost == [])
            // On a machine that is too slow for it, nothing would be tried.
            #expect(sweep.acknowledgements > 0 && sweep.looks > 0 && !sweep.finished.isEmpty)
            for (id, file) in sweep.finished {
                let callback = try await bed.receiver.callback(for: id, within: .seconds(60))
                #expect(callback.retCode == "0", "task \(id): \(callback.text)")
                let name = callback.json["fileName"].text ?? ""
                #expect(bed.server.stored("in/\(name)").map { TestFile.md5($0) } == file, "task \(id)")
            }
            for callback in bed.receiver.recorded.value { #expect(callback.retCode == "0", "\(callback.text)") }
            #expect(try await bed.server.sqlite("SELECT count(*) FROM tasks WHERE state <> 'finished'") == "0")
            #expect(try await bed.server.sqlite("PRAGMA integrity_check") == "ok")
            _ = try await bed.server.process?.waitForError(containing: "staging files checked")
            #expect(bed.server.stagingFiles().isEmpty)
            let doctor = try await bed.server.doctor()
            #expect(doctor.exit == .code(0), "\(doctor)")
            print(
                "crash sweep: \(kills) kills, \(sweep.acknowledgements) acknowledged blocks, \(sweep.finished.count) tasks, "
                    + "\(bed.receiver.recorded.value.count) callbacks received, \(sweep.lost.count) lost")
        }
    }
}

/// Four uploaders and one killer.
private final class Sweep: Sendable {
    private struct State {
        /// MD5 by task.
        var finished: [Int64: String] = [:]
        var isOver = false
    }

    private let bed: TestBed
    private let survivor: Survivor
    private let state = Mutex(State())

    init(bed: TestBed) {
        self.bed = bed
        survivor = Survivor(bed.server)
    }

    var finished: [Int64: String] { state.withLock { $0.finished } }
    var acknowledgements: Int { survivor.acknowledgements }
    var looks: Int { survivor.looks }
    var lost: [String] { survivor.lost }

    func lookAll() async throws { try await survivor.lookAll() }

    /// - Throws: also when the server ended by itself.
    func kill(times: Int) async throws {
        var random = SeededGenerator(seed: 2026)
        for number in 0..<times {
            try await survivor.restart()
            // The random moment is the test.
            try await Task.sleep(for: .milliseconds(Int.random(in: 5...150, using: &random)))
            try await survivor.kill()
            guard (number + 1).isMultiple(of: 20) else { continue }
            // What it leaves is sound before the next start puts anything right.
            let doctor = try await bed.server.doctor()
            #expect(doctor.exit == .code(0), "after kill \(number + 1): \(doctor)")
        }
        state.withLock { $0.isOver = true }
        try await survivor.restart()
    }

    func upload(_ uploader: Int) async throws {
        var random = SeededGenerator(seed: UInt64(uploader) + 1)
        var number = 0
        while !state.withLock({ $0.isOver }) {
            number += 1
            let file = TestFile(size: Int.random(in: 200_000...600_000, using: &random), seed: random.next())
            let task = NewTask(file, name: "\(uploader)-\(number)", user: "\(uploader)")
            var blocks = file.blocks(of: 64 << 10)
            blocks.shuffle(using: &random)
            let twice = blocks.filter { _ in Int.random(in: 0..<5, using: &random) == 0 }
            try await send(file, as: task, blocks + twice)
        }
    }

    /// Sends one file to its end, whatever happens to the server meanwhile.
    private func send(_ file: TestFile, as task: NewTask, _ blocks: [ClosedRange<Int>]) async throws {
        let handle = try await survivor.register(task)
        for block in blocks {
            let answer = try await survivor.send(block, of: file, to: handle)
            // 9: an answer was lost in a crash, and with that block the file was complete.
            #expect(["0", "1", "9"].contains(answer.retCode), "\(answer.text)")
            guard answer.retCode != "9" else { break }
        }
        #expect(try await survivor.untilAnswered { try await handle.missing() } == [], "all blocks were acknowledged")
        survivor.release(handle)
        state.withLock { $0.finished[handle.id] = file.md5 }
    }
}
