import Testing
import UploadTestSupport

@testable import UploadCore

/// Blocks that arrive together share one sync a file and one COMMIT (``Batches``).
@Suite(.timeLimit(.minutes(1))) struct SharedSyncTests {
    private let surroundings = FakeSurroundings()
    private let content = SeededGenerator.bytes(20)

    private func send(
        _ block: ByteRange, of content: [UInt8], as declared: MD5Digest? = nil, to task: UploadTask
    ) -> Task<BlockReceipt, any Error> {
        Task {
            let bytes = content[block]
            let body = Body.of(Body.fields(block, md5: declared ?? md5(bytes)) + Body.file(bytes))
            return try await surroundings.service.receive(surroundings.address(task), parts: body)
        }
    }

    /// Sends the first five bytes, whose sync goes on until the checkpoint is opened, and then so many blocks that wait for
    /// the next one.
    private func blocksBehindASync(
        of task: UploadTask, _ blocks: [(range: ByteRange, md5: MD5Digest?)]
    ) async throws -> (syncing: Checkpoint, first: Task<BlockReceipt, any Error>, late: [Task<BlockReceipt, any Error>])
    {
        let syncing = surroundings.store.faults.hold(.sync)
        let first = send(range(0, 4), of: content, to: task)
        await syncing.arrived()
        let file = try await #require(surroundings.service.sessions.existing(task.id)).file()
        let late = blocks.map { send($0.range, of: content, as: $0.md5, to: task) }
        while file.arrivals.waiters < late.count { await Task.yield() }
        return (syncing, first, late)
    }

    @Test func aBusyDiskIsAskedOnceForAllWhoWait() async throws {
        let other = SeededGenerator.bytes(20, seed: 2)
        let (task, neighbour) = (try await surroundings.register(content), try await surroundings.register(other))
        let (syncing, first, late) = try await blocksBehindASync(
            of: task, [(range(5, 9), nil), (range(10, 14), nil)])
        syncing.open()
        let elsewhere = send(range(0, 9), of: other, to: neighbour)
        for request in [first, elsewhere] + late { _ = try await request.value }
        #expect(await surroundings.store.syncs == 3, "two of the one file, one of the other")
    }

    @Test func oneThatIsWrongFailsAlone() async throws {
        let task = try await surroundings.register(content)
        let (syncing, first, late) = try await blocksBehindASync(
            of: task, [(range(5, 9), nil), (range(10, 14), md5([])), (range(15, 19), nil)])
        syncing.open()
        _ = try await first.value
        let error = await #expect(throws: UploadError.self) { try await late[1].value }
        #expect(error?.code == .checksumMismatch)
        _ = try await (late[0].value, late[2].value)
        let held = await surroundings.repository.blocks[task.id]?.map(\.range) ?? []
        #expect(Set(held) == [range(0, 4), range(5, 9), range(15, 19)])
    }

    /// What a failed sync leaves on the disk is worth nothing, whoever asked for it.
    @Test func aSyncThatFailsFailsAllOfThem() async throws {
        let task = try await surroundings.register(content)
        let (syncing, first, late) = try await blocksBehindASync(
            of: task, [(range(5, 9), nil), (range(10, 14), nil)])
        surroundings.store.faults.fail(.sync, with: UploadError(.internalError, "I/O error"))
        syncing.open()
        for request in [first] + late {
            let error = await #expect(throws: UploadError.self) { try await request.value }
            #expect(error?.code == .internalError)
        }
        #expect(await surroundings.repository.blocks[task.id] ?? [] == [])
        #expect(await surroundings.store.syncs == 1)
        // A fresh descriptor, and all is well.
        for block in [range(0, 4), range(5, 9), range(10, 14)] {
            _ = try await send(block, of: content, to: task).value
        }
    }
}
