import Synchronization
import Testing
import UploadTestSupport

@testable import UploadCore

/// A staging file of bytes in memory, whose hashes tell what they read.
private final class MemoryFile: StagingFile {
    struct State {
        var bytes: [UInt8]
        var number: UInt64 = 1
        /// Where each hash began.
        var beginnings: [Int64] = []
        var read: Int64 = 0
    }

    let state: Mutex<State>
    /// Where a hash waits, before it reads.
    let checkpoint = Mutex<Checkpoint?>(nil)

    init(_ bytes: [UInt8]) {
        state = Mutex(State(bytes: bytes))
    }

    func makeWriter(for block: ByteRange, pieces: [ByteRange]) -> any BlockWriter {
        preconditionFailure("not written to")
    }
    func put(_ blocks: [WholeBlock]) async -> [Result<MD5Digest, any Error>] { preconditionFailure("not written to") }
    func sync() async throws {}
    func number() throws -> UInt64 { state.withLock { $0.number } }

    func makeHash(resuming reached: FileHashState) -> any FileHash {
        state.withLock { $0.beginnings.append(reached.bytes) }
        return MemoryHash(self, from: reached)
    }
}

/// Its text is the number of the file that it read.
private final class MemoryHash: FileHash {
    private let file: MemoryFile
    private let covered: Mutex<Int64>

    init(_ file: MemoryFile, from state: FileHashState) {
        self.file = file
        covered = Mutex(state.bytes)
    }

    func advance(to end: Int64) async throws -> Int64 {
        await file.checkpoint.withLock { $0 }?.pass()
        return file.state.withLock { state in
            covered.withLock { covered in
                let reached = min(end, Int64(state.bytes.count))
                state.read += reached - covered
                covered = reached
                return reached
            }
        }
    }

    func putDown() -> (bytes: Int64, text: String) {
        (covered.withLock { $0 / 64 * 64 }, "\(file.state.withLock { $0.number })")
    }

    func digest() -> MD5Digest {
        file.state.withLock { state in md5(state.bytes.prefix(Int(covered.withLock { $0 }))) }
    }
}

@Suite(.timeLimit(.minutes(1))) struct RunningHashTests {
    private let content = SeededGenerator.bytes(6 << 20)
    private let file: MemoryFile

    init() {
        file = MemoryFile(content)
    }

    private var read: Int64 { file.state.withLock { $0.read } }

    @Test func itFollowsWhatIsHeldAndFinishesWithTheRest() async throws {
        let hash = RunningHash(resuming: FileHashState(round: 3), fileSize: 6 << 20, on: globalConcurrentExecutor)
        #expect(hash.unwritten() == nil)
        hash.follow(to: 5 << 20, in: file)
        #expect(try await hash.digest(ofSize: Int64(content.count), in: file) == md5(content))
        // Each byte was read once.
        #expect(read == Int64(content.count))
        #expect(hash.unwritten() == FileHashState(round: 3, bytes: 5 << 20, text: "1"))
        #expect(hash.unwritten() == nil)
    }

    @Test func itGoesOnWhereItWasPutDown() async throws {
        let hash = RunningHash(
            resuming: FileHashState(round: 0, bytes: 4 << 20, text: "1"), fileSize: 6 << 20,
            on: globalConcurrentExecutor)
        #expect(try await hash.digest(ofSize: Int64(content.count), in: file) == md5(content))
        #expect(read == 2 << 20)
    }

    @Test func aLittleIsLeftForLater() async throws {
        let hash = RunningHash(resuming: FileHashState(round: 0), fileSize: 6 << 20, on: globalConcurrentExecutor)
        hash.follow(to: (1 << 20) - 1, in: file)
        #expect(file.state.withLock { $0.beginnings } == [])
        #expect(try await hash.digest(ofSize: Int64(content.count), in: file) == md5(content))
    }

    @Test func anotherFileOfTheSameNameIsReadFromItsBeginning() async throws {
        let hash = RunningHash(resuming: FileHashState(round: 0), fileSize: 6 << 20, on: globalConcurrentExecutor)
        hash.follow(to: 4 << 20, in: file)
        _ = try await hash.digest(ofSize: 5 << 20, in: file)
        file.state.withLock { $0.number = 2 }
        hash.follow(to: 6 << 20, in: file)
        #expect(try await hash.digest(ofSize: Int64(content.count), in: file) == md5(content))
        #expect(file.state.withLock { $0.beginnings }.dropFirst(2).contains(0))
        #expect(hash.unwritten()?.text == "2")
    }

    @Test func aFileThatIsTooShortHasNoDigest() async throws {
        let hash = RunningHash(resuming: FileHashState(round: 0), fileSize: 6 << 20, on: globalConcurrentExecutor)
        hash.follow(to: 20 << 20, in: file)
        #expect(try await hash.digest(ofSize: 20 << 20, in: file) == nil)
    }

    @Test func onceEndedItReadsNoMore() async throws {
        let checkpoint = Checkpoint()
        file.checkpoint.withLock { $0 = checkpoint }
        let hash = RunningHash(resuming: FileHashState(round: 0), fileSize: 6 << 20, on: globalConcurrentExecutor)
        hash.follow(to: 5 << 20, in: file)
        await checkpoint.arrived()
        hash.end()
        hash.follow(to: 6 << 20, in: file)
        checkpoint.open()
        // It waits for the run, which ends with the portion that it is at.
        _ = try await hash.digest(ofSize: 4 << 20, in: file)
        #expect(read == 4 << 20)
    }

    @Test func whoIsFarAheadWaits() async throws {
        let checkpoint = Checkpoint()
        file.checkpoint.withLock { $0 = checkpoint }
        file.state.withLock { $0.bytes = SeededGenerator.bytes(20 << 20) }
        let hash = RunningHash(resuming: FileHashState(round: 0), fileSize: 6 << 20, on: globalConcurrentExecutor)
        // Nothing is to be waited for.
        await hash.pace()
        hash.follow(to: 8 << 20, in: file)
        await checkpoint.arrived()
        await hash.pace()
        hash.follow(to: 20 << 20, in: file)
        let waiting = Task {
            await hash.pace()
            return read
        }
        while hash.waiters == 0 { await Task.yield() }
        checkpoint.open()
        #expect(await waiting.value >= 12 << 20)
    }

    /// Neither the network nor the hash is to wait for the other as long as much is to come; at the end somebody waits for
    /// the rest.
    @Test func itMayBeFurtherBehindInTheMiddleOfALargeFile() async throws {
        let checkpoint = Checkpoint()
        file.checkpoint.withLock { $0 = checkpoint }
        file.state.withLock { $0.bytes = SeededGenerator.bytes(104 << 20) }
        let hash = RunningHash(resuming: FileHashState(round: 0), fileSize: 128 << 20, on: globalConcurrentExecutor)
        hash.follow(to: 32 << 20, in: file)
        await checkpoint.arrived()
        await hash.pace()
        hash.follow(to: 104 << 20, in: file)
        let waiting = Task {
            await hash.pace()
            return read
        }
        while hash.waiters == 0 { await Task.yield() }
        checkpoint.open()
        // Of 24 MiB that are to come, the half.
        #expect(await waiting.value >= 92 << 20)
    }

    /// Nobody waits for a file that can't be read: who finishes it is told.
    @Test func whatCanNotBeReadIsNotWaitedFor() async throws {
        let hash = RunningHash(resuming: FileHashState(round: 0), fileSize: 6 << 20, on: globalConcurrentExecutor)
        hash.follow(to: 100 << 20, in: file)
        await hash.pace()
        #expect(try await hash.digest(ofSize: 100 << 20, in: file) == nil)
    }
}
