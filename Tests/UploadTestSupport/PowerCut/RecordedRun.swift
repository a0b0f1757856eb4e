import Foundation
import Glibc
import Synchronization

/// A server's work under the recorder, and what it promised meanwhile: uploads side by side in blocks out of order, some
/// sent twice, some overlapping, with pauses, a cancellation, a wrong MD5, an empty file, a file that replaces another, one
/// that is copied to its place, and one whose bytes somebody removes; a receiver that fails at first; a kill -9 in the
/// middle, stops and starts.
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

    struct Unexpected: Error, CustomStringConvertible {
        let description: String
    }

    let bed: TestBed
    let shim: FaultShim
    let ledger = PromiseLedger()
    let tasks = Mutex<[Int64: Facts]>([:])
    /// Counts the starts; who lost a connection waits for the next one.
    let starts = Watched(0)

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
        // As if this folder were on another file system; the recorder sees only one.
        try shim.fail(.link, path: "/in/copied/", with: EXDEV)
        try await start()
        // In the middle of everything: rows written and not synced, then bytes.
        let kills = [
            try shim.kill(at: .sync, path: "sqlite-wal", after: 30),
            try shim.kill(at: .sync, path: ".part", after: 120),
        ]
        let (unfinished, robbed) = (TestFile(size: 50_000, seed: 6), TestFile(size: 20_000, seed: 8))
        let (rest, begun) = try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.replace() }
            group.addTask { try await self.pauseAndResume() }
            group.addTask { try await self.cancel() }
            group.addTask { try await self.sendWrongBytes() }
            group.addTask { try await self.sendEmptyFile() }
            group.addTask { try await self.copy() }
            group.addTask {
                for _ in kills {
                    try await self.bed.server.process?.waitForExit(within: .seconds(60))
                    try await self.start()
                }
            }
            let rest = try await self.sendHalf(unfinished, "in/unfinished.bin")
            let begun = try await self.sendHalf(robbed, "in/robbed.bin")
            try await group.waitForAll()
            return (rest, begun)
        }
        for id in facts.keys where id != rest.handle.id && id != begun.handle.id {
            _ = try await bed.receiver.callback(for: id)
        }
        try await bed.server.terminate()
        try await removeBytes(of: begun.handle)
        try await start()
        let missing = try await begun.handle.missing()
        guard missing == [0...robbed.bytes.count - 1] else {
            throw Unexpected(description: "the bytes were removed, and missing are \(missing)")
        }
        try await send(rest.blocks, of: rest.handle, unfinished)
        try await send(blocks(of: robbed, 8), of: begun.handle, robbed)
        for handle in [rest.handle, begun.handle] { _ = try await bed.receiver.callback(for: handle.id) }
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

    /// Removes the bytes of an upload while no server runs, as cleaners of temporary folders do. By a program that the
    /// recorder watches too: the disk of the model has to know.
    private func removeBytes(of handle: UploadHandle) async throws {
        let began = shim.recordingSize
        let names = bed.server.stagingFiles().filter { $0.hasSuffix("/\(handle.id).part") }
        let removal = try ProgramProcess(
            "rm", names.map { bed.server.tmpDirectory + "/" + $0 }, environment: shim.environment)
        guard try await removal.waitForExit() == .code(0) else {
            throw Unexpected(description: removal.output.value.errorText)
        }
        ledger.noteRemoval(of: handle.id, began: began)
    }

    // MARK: What the clients do

    /// Some pages full.
    private static let feedback = "\"\(String(repeating: "feedback", count: 7_000))\""

    private func replace() async throws {
        for seed in [UInt64(1), 2] {
            let file = TestFile(size: 70_000 + Int(seed), seed: seed)
            let task = NewTask(file, name: "film.bin", in: "in/new").with("feedBackParameter", Self.feedback)
            let handle = try await register(file, "in/new/film.bin", as: task)
            try await send(blocks(of: file, seed), of: handle, file)
            _ = try await bed.receiver.callback(for: handle.id, within: .seconds(60))
        }
    }

    /// So often that the log is copied into the database in the middle of it all (after 1000 pages in a test): each change
    /// of the state's length writes all pages of the row anew.
    private func pauseAndResume() async throws {
        let file = TestFile(size: 60_000, seed: 3)
        let task = NewTask(file, name: "paused.bin").with("feedBackParameter", Self.feedback)
        let handle = try await register(file, "in/paused.bin", as: task)
        let blocks = blocks(of: file, 3)
        try await send(Array(blocks[..<20]), of: handle, file)
        for _ in 0..<12 {
            try await change(handle, to: "pause", .paused)
            try await change(handle, to: "upload", .resumed)
        }
        try await send(Array(blocks[20...]), of: handle, file)
    }

    private func copy() async throws {
        let file = TestFile(size: 30_000, seed: 9)
        let handle = try await register(file, "in/copied/file.bin")
        try await send(blocks(of: file, 9), of: handle, file)
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

    private func sendHalf(
        _ file: TestFile, _ path: String
    ) async throws -> (handle: UploadHandle, blocks: [ClosedRange<Int>]) {
        let handle = try await register(file, path)
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
}
