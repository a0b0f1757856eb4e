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
        let syncs = try #require(try await session.file().queue)
        let late = [send(range(5, 9), of: content, to: task), send(range(10, 14), of: content, to: task)]
        while await syncs.inQueue < late.count { await Task.yield() }
        syncing.open()
        let elsewhere = send(range(0, 9), of: other, to: neighbour)
        for request in [first, elsewhere] + late { _ = try await request.value }
        #expect(await surroundings.store.syncs == 3, "two of the one file, one of the other")
    }
}

extension OpenStagingFile {
    fileprivate var queue: Batcher<Void, Void>? {
        Mirror(reflecting: self).children.first { $0.label == "syncs" }?.value as? Batcher<Void, Void>
    }
}

extension Batcher {
    /// How many wait for the next batch; 0 when there is no such list, which a test then hangs on visibly.
    fileprivate var inQueue: Int {
        let waiting = Mirror(reflecting: self).children.first { $0.label == "waiting" }
        return waiting.map { Mirror(reflecting: $0.value).children.count } ?? 0
    }
}
