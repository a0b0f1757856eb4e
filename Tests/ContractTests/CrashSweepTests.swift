import Foundation
import Glibc
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
            for (id, file) in sweep.finished {
                let callback = try await bed.receiver.callback(for: id, within: .seconds(60))
                #expect(callback.retCode == "0", "task \(id): \(callback.text)")
                let name = callback.json["fileName"].text ?? ""
                #expect(bed.server.stored("in/\(name)").map { TestFile.md5($0) } == file, "task \(id)")
            }
            for callback in bed.receiver.recorded.value { #expect(callback.retCode == "0", "\(callback.text)") }
            #expect(try await bed.server.sqlite("SELECT count(*) FROM tasks WHERE state <> 'finished'") == "0")
            #expect(try await bed.server.sqlite("PRAGMA integrity_check") == "ok")
            #expect(bed.server.stagingFiles().isEmpty)
            print(
                "crash sweep: \(kills) kills, \(sweep.acknowledgements) acknowledged blocks, \(sweep.finished.count) tasks, "
                    + "\(bed.receiver.recorded.value.count) callbacks received")
        }
    }
}

/// Four uploaders, one killer, and what was acknowledged.
private final class Sweep: Sendable {
    private struct Ledger {
        /// Acknowledged ranges of open tasks.
        var held: [Int64: [ClosedRange<Int>]] = [:]
        var handles: [Int64: UploadHandle] = [:]
        /// MD5 by task.
        var finished: [Int64: String] = [:]
        var acknowledgements = 0
        var isOver = false
    }

    private let bed: TestBed
    private let ledger = Mutex(Ledger())
    /// Counts the starts; uploaders wait for the next one when the server is gone.
    private let starts = Watched(0)

    init(bed: TestBed) {
        self.bed = bed
    }

    var finished: [Int64: String] { ledger.withLock { $0.finished } }
    var acknowledgements: Int { ledger.withLock { $0.acknowledgements } }

    // MARK: The killer

    func kill(times: Int) async throws {
        var random = SeededGenerator(seed: 2026)
        for _ in 0..<times {
            try await start()
            // The random moment is the test.
            try await Task.sleep(for: .milliseconds(Int.random(in: 5...150, using: &random)))
            try await bed.server.kill()
        }
        ledger.withLock { $0.isOver = true }
        try await start()
    }

    private func start() async throws {
        // What was acknowledged before the kill, not what comes after the start.
        let (held, handles) = ledger.withLock { ($0.held, $0.handles) }
        try await bed.server.start()
        for (id, ranges) in held {
            guard let handle = handles[id] else { continue }
            let info = try await handle.info()
            #expect(info["retCode"].text == "0", "task \(id) is gone")
            let missing = info.expectBlocks
            for range in ranges {
                #expect(
                    !missing.contains { $0.overlaps(range) },
                    "task \(id): \(range) was acknowledged, missing \(missing)")
            }
        }
        starts.update { $0 += 1 }
    }

    // MARK: The uploaders

    func upload(_ uploader: Int) async throws {
        var random = SeededGenerator(seed: UInt64(uploader) + 1)
        var number = 0
        while !ledger.withLock({ $0.isOver }) {
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
        let handle = try await untilAnswered { try await self.bed.server.register(task) }
        ledger.withLock { $0.handles[handle.id] = handle }
        for block in blocks {
            let answer = try await untilAnswered { try await handle.send(block, of: file) }
            // 9: an answer was lost in a crash, and with that block the file was complete.
            #expect(["0", "1", "9"].contains(answer.retCode), "\(answer.text)")
            guard answer.retCode != "9" else { break }
            ledger.withLock { ledger in
                ledger.held[handle.id, default: []].append(block)
                ledger.acknowledgements += 1
            }
        }
        #expect(try await untilAnswered { try await handle.missing() } == [], "all blocks were acknowledged")
        ledger.withLock { ledger in
            ledger.held[handle.id] = nil
            ledger.handles[handle.id] = nil
            ledger.finished[handle.id] = file.md5
        }
    }

    /// Repeats what the death of the server interrupts, after its next start.
    private func untilAnswered<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        while true {
            let seen = starts.value
            do {
                if seen > 0 { return try await body() }
            } catch let error as UploadHandle.NotRegistered {
                throw error
            } catch {
                // Connections die with the server; the next one answers.
            }
            _ = try await starts.wait("the next start", within: .seconds(60)) { $0 > seen ? true : nil }
        }
    }
}
