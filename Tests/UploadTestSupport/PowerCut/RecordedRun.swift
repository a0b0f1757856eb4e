import Foundation
import Glibc
import Synchronization

/// A server's work under the recorder, and what it promised meanwhile: uploads side by side in blocks out of order, some
/// sent twice, some overlapping, with pauses, a cancellation, a wrong MD5, an empty file, a file that replaces another;
/// a receiver that fails at first; a kill -9 in the middle, stops and starts.
package final class RecordedRun: Sendable {
    /// A task as the test knows it.
    package struct Facts: Sendable {
        /// Its URLs.
        package var handle: UploadHandle
        /// What is sent.
        package var file: TestFile
        /// Path below the root.
        package var path: String
        /// `retCode` of the callback that it ends with.
        package var outcome: String
    }

    private struct Unexpected: Error, CustomStringConvertible {
        let description: String
    }

    private let bed: TestBed
    private let shim: FaultShim
    private let ledger = PromiseLedger()
    private let tasks = Mutex<[Int64: Facts]>([:])
    /// Counts the starts; who lost a connection waits for the next one.
    private let starts = Watched(0)

    /// A run on a bed that records and whose server is not started.
    package init(_ bed: TestBed, _ shim: FaultShim) {
        (self.bed, self.shim) = (bed, shim)
    }

    /// The tasks that were registered.
    package var facts: [Int64: Facts] { tasks.withLock { $0 } }

    /// The promises that were given.
    package func promises(in recording: Recording) throws -> [Promise] {
        try ledger.promises(in: recording, receiver: bed.receiver.port)
    }

    /// Runs to the end; the server is stopped then.
    package func perform() async throws {
        bed.receiver.plan([.status(500), .status(503), .status(404)], for: "/one")
        try await start()
        // In the middle of everything: rows written and not synced, then bytes.
        let kills = [
            try shim.kill(at: .sync, path: "sqlite-wal", after: 30),
            try shim.kill(at: .sync, path: ".part", after: 120),
        ]
        let unfinished = TestFile(size: 50_000, seed: 6)
        let rest = try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.replace() }
            group.addTask { try await self.pauseAndResume() }
            group.addTask { try await self.cancel() }
            group.addTask { try await self.sendWrongBytes() }
            group.addTask { try await self.sendEmptyFile() }
            group.addTask {
                for _ in kills {
                    try await self.bed.server.process?.waitForExit(within: .seconds(60))
                    try await self.start()
                }
            }
            let rest = try await self.sendHalf(unfinished)
            try await group.waitForAll()
            return rest
        }
        for (id, facts) in facts where facts.file.md5 != unfinished.md5 {
            _ = try await bed.receiver.callback(for: id)
        }
        try await bed.server.terminate()
        try await start()
        try await send(rest.blocks, of: rest.handle, unfinished)
        _ = try await bed.receiver.callback(for: rest.handle.id)
        try await bed.server.terminate()
    }

    /// A run in which a COMMIT is interrupted when its rows are written and not synced, and nothing else is committed
    /// before the next server is asked.
    package func performInterruptedCommit() async throws {
        try await start()
        let file = TestFile(size: 20_000, seed: 7)
        let handle = try await register(file, "in/interrupted.bin")
        let blocks = file.blocks(of: 1_900)
        try await send(Array(blocks[..<3]), of: handle, file)
        try shim.kill(at: .sync, path: "sqlite-wal")
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await self.bed.server.process?.waitForExit(within: .seconds(60))
                try await self.start()
            }
            try await send([blocks[3]], of: handle, file)
            try await group.waitForAll()
        }
        try await bed.server.terminate()
    }

    /// A first start, and a stop.
    package func performStart() async throws {
        try await start()
        try await bed.server.terminate()
    }

    private func start() async throws {
        try await bed.server.start()
        // Before anything new is committed: what is held now is what the last one left.
        for facts in facts.values { try await askWhatIsHeld(facts) }
        starts.update { $0 += 1 }
    }

    // MARK: What the clients do

    private func replace() async throws {
        for seed in [UInt64(1), 2] {
            let file = TestFile(size: 70_000 + Int(seed), seed: seed)
            // Large enough for the log to be copied into the database in the middle of it all: each block rewrites it.
            let feedback = "\"\(String(repeating: "feedback", count: 7_000))\""
            let task = NewTask(file, name: "film.bin", in: "in/new").with("feedBackParameter", feedback)
            let handle = try await register(file, "in/new/film.bin", as: task)
            try await send(blocks(of: file, seed), of: handle, file)
            _ = try await bed.receiver.callback(for: handle.id, within: .seconds(60))
        }
    }

    private func pauseAndResume() async throws {
        let file = TestFile(size: 60_000, seed: 3)
        let handle = try await register(file, "in/paused.bin")
        let blocks = blocks(of: file, 3)
        try await send(Array(blocks[..<20]), of: handle, file)
        try await change(handle, to: "pause", .paused)
        try await change(handle, to: "upload", .resumed)
        try await send(Array(blocks[20...]), of: handle, file)
    }

    private func cancel() async throws {
        let file = TestFile(size: 40_000, seed: 4)
        let handle = try await register(file, "in/cancelled.bin", outcome: "-3")
        try await send(Array(blocks(of: file, 4)[..<15]), of: handle, file)
        try await change(handle, to: "cancel", .cancelled)
    }

    private func sendWrongBytes() async throws {
        let file = TestFile(size: 30_000, seed: 5)
        let task = NewTask(file, name: "wrong.bin").with("fileMd5", "\"\(TestFile.md5([1]))\"")
        let handle = try await register(file, "in/wrong.bin", outcome: "-2", as: task)
        try await send(blocks(of: file, 5), of: handle, file)
    }

    private func sendEmptyFile() async throws {
        _ = try await register(TestFile([]), "in/empty/folder/none.bin")
    }

    private func sendHalf(_ file: TestFile) async throws -> (handle: UploadHandle, blocks: [ClosedRange<Int>]) {
        let handle = try await register(file, "in/unfinished.bin")
        let blocks = blocks(of: file, 6)
        try await send(Array(blocks[..<(blocks.count / 2)]), of: handle, file)
        return (handle, blocks)
    }

    /// All of a file: blocks that do not end where sectors do, in any order, some twice, some across the border of others.
    private func blocks(of file: TestFile, _ seed: UInt64) -> [ClosedRange<Int>] {
        var random = SeededGenerator(seed: seed)
        let plain = file.blocks(of: 1_900)
        let twice = plain.filter { _ in Int.random(in: 0..<8, using: &random) == 0 }
        let across = (0..<4).map { _ in
            let start = Int.random(in: 0..<file.bytes.count - 3_000, using: &random)
            return start...start + 2_500
        }
        return (plain + twice + across).shuffled(using: &random)
    }

    // MARK: Requests

    private func register(
        _ file: TestFile, _ path: String, outcome: String = "0", as task: NewTask? = nil
    ) async throws -> UploadHandle {
        let url = URL(fileURLWithPath: "/" + path)
        let folder = String(url.deletingLastPathComponent().path.dropFirst())
        let task = task ?? NewTask(file, name: url.lastPathComponent, in: folder)
        let (answer, exchange) = try await untilAnswered {
            try await self.exchange("POST", "/api/upload/new/task", "application/json", Array(task.json.utf8))
        }
        let handle = try UploadHandle(bed.server, answer)
        tasks.withLock {
            $0[handle.id] = Facts(handle: handle, file: file, path: "store/" + path, outcome: outcome)
        }
        ledger.note(.registered, of: handle.id, in: exchange)
        return handle
    }

    private func send(_ blocks: [ClosedRange<Int>], of handle: UploadHandle, _ file: TestFile) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<3 {
                group.addTask {
                    for (index, block) in blocks.enumerated() where index % 3 == lane {
                        try await self.send(block, of: handle, file, isSpooled: index % 5 == 0)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func send(
        _ block: ClosedRange<Int>, of handle: UploadHandle, _ file: TestFile, isSpooled: Bool
    ) async throws {
        var form = Form(block: block, file[block])
        // The bytes before their range.
        if isSpooled { form = Form(form.parts.reversed()) }
        while true {
            let (answer, exchange) = try await untilAnswered {
                try await self.exchange("POST", handle.uploadTarget, form.contentType, form.bytes)
            }
            switch answer.retCode {
            case "0", "1":
                ledger.note(.held(block), of: handle.id, in: exchange)
                return
            case "9":
                // Another lane's block completed the file, or the answer was lost in the kill.
                return
            case "11":
                // An overlapping block took over.
                continue
            default:
                throw Unexpected(description: "block \(block) was answered \(answer.text)")
            }
        }
    }

    private func askWhatIsHeld(_ facts: Facts) async throws {
        let path = String(facts.handle.blocksURL.dropFirst(bed.server.base.count))
        let (answer, exchange) = try await exchange("GET", path)
        guard ["upload", "pause"].contains(answer.json["status"].text) else { return }
        var start = 0
        for missing in answer.json.expectBlocks {
            if start < missing.lowerBound {
                ledger.note(.held(start...missing.lowerBound - 1), of: facts.handle.id, in: exchange)
            }
            start = missing.upperBound + 1
        }
        if start < facts.file.bytes.count {
            ledger.note(.held(start...facts.file.bytes.count - 1), of: facts.handle.id, in: exchange)
        }
    }

    private func change(_ handle: UploadHandle, to status: String, _ content: Promise.Content) async throws {
        let path = String(handle.stateURL.dropFirst(bed.server.base.count))
        let body = Array("{\"taskId\":\(handle.id),\"status\":\"\(status)\"}".utf8)
        let (answer, exchange) = try await untilAnswered {
            try await self.exchange("POST", path, "application/json", body)
        }
        // 5, 9: the answer to the first try was lost in the kill.
        guard ["0", "5", "9"].contains(answer.retCode) else {
            throw Unexpected(description: "\(status) was answered \(answer.text)")
        }
        ledger.note(content, of: handle.id, in: exchange)
    }

    /// One request on a connection of its own, whose port finds the answer in the recording.
    private func exchange(
        _ method: String, _ target: String, _ type: String = "application/json", _ body: [UInt8] = []
    ) async throws -> (HTTPAnswer, PromiseLedger.Exchange) {
        let began = shim.recordingSize
        let socket = try RawSocket(port: bed.server.port)
        let head =
            "\(method) \(target) HTTP/1.1\r\nHost: x\r\nContent-Type: \(type)\r\nContent-Length: \(body.count)\r\n\r\n"
        try await socket.send(Array(head.utf8) + body)
        let answer = try await socket.readAnswer()
        guard answer.status > 0 else { throw Unexpected(description: "no answer") }
        return (
            answer,
            PromiseLedger.Exchange(port: socket.localPort, began: began, ended: shim.recordingSize)
        )
    }

    /// Repeats what the death of the server interrupts, after its next start. The first try counts as the asking.
    private func untilAnswered(
        _ body: () async throws -> (HTTPAnswer, PromiseLedger.Exchange)
    ) async throws -> (HTTPAnswer, PromiseLedger.Exchange) {
        var began: Int?
        while true {
            let seen = starts.value
            do {
                began = began ?? shim.recordingSize
                var (answer, exchange) = try await body()
                exchange.began = began ?? exchange.began
                return (answer, exchange)
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                // Cut by an overlapping block, or the server is gone.
                guard bed.server.process?.output.value.exit != nil else {
                    try await Task.sleep(for: .milliseconds(10))
                    continue
                }
                _ = try await starts.wait("the next start", within: .seconds(60)) { $0 > seen ? true : nil }
            }
        }
    }
}
