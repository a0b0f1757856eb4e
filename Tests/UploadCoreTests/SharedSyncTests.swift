import Testing
import UploadTestSupport

@testable import UploadCore

/// Blocks that arrive together share one sync a file (``OpenStagingFile``).
@Suite(.timeLimit(.minutes(1))) struct SharedSyncTests {
    private let surroundings = FakeSurroundings()

    private func send(_ block: ByteRange, of content: [UInt8], to task: UploadTask) -> Task<BlockReceipt, any Error> {
        Task {
            try await surroundings.service.receive(surroundings.address(task), parts: Body.block(block, of: content))
        }
    }

    @Test func aBusyDiskIsAskedOnceForAllWhoWait() async throws {
        let (content, other) = (SeededGenerator.bytes(20), SeededGenerator.bytes(20, seed: 2))
        let (task, neighbour) = (try await surroundings.register(content), try await surroundings.register(other))
        let syncing = surroundings.store.faults.hold(.sync)
        let first = send(range(0, 4), of: content, to: task)
        await syncing.arrived()

        // The first one's sync goes on: the next two of its file wait for theirs, which is one.
        let session = try #require(surroundings.service.sessions.existing(task.id))
        let file = try await session.file()
        let late = [send(range(5, 9), of: content, to: task), send(range(10, 14), of: content, to: task)]
        while file.arrivals.waiters < late.count { await Task.yield() }
        syncing.open()
        let elsewhere = send(range(0, 9), of: other, to: neighbour)
        for request in [first, elsewhere] + late { _ = try await request.value }
        #expect(await surroundings.store.syncs == 3, "two of the one file, one of the other")
    }
}
