import Testing

@testable import UploadClient

@Suite struct BlockQueueTests {
    @Test func handsOutTheLowestFirstAndEachOnce() async throws {
        let queue = BlockQueue(missing: [try range(8, 11), try range(0, 3)], fileSize: 12, blockSize: 4)
        #expect(try await queue.next() == range(0, 3))
        #expect(try await queue.next() == range(8, 11))
        #expect(await queue.next() == nil)
    }

    @Test func addsOnlyWhatIsNew() async throws {
        let queue = BlockQueue(missing: [try range(4, 11)], fileSize: 12, blockSize: 4)
        #expect(try await queue.next() == range(4, 7))
        await queue.add(missing: [try range(0, 11)])
        #expect(try await queue.next() == range(0, 3))
        #expect(try await queue.next() == range(8, 11))
        #expect(await queue.next() == nil)
    }

    @Test func handsOutNothingWhilePaused() async throws {
        let queue = BlockQueue(missing: [try range(0, 3)], fileSize: 4, blockSize: 4)
        await queue.pause()
        #expect(await queue.next() == nil)
        #expect(await queue.isPaused)
    }
}
