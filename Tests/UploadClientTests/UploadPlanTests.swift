import Testing
import UploadClient

@Suite struct UploadPlanTests {
    @Test func cutsRangesIntoBlocks() throws {
        let plan = UploadPlan.blocks(missing: [try range(0, 9), try range(20, 22)], fileSize: 100, blockSize: 4)
        #expect(plan.map(\.description) == ["0-3", "4-7", "8-9", "20-22"])
    }

    @Test func mergesWhatOverlapsOrTouches() throws {
        let missing = [try range(5, 9), try range(0, 4), try range(3, 6)]
        #expect(UploadPlan.blocks(missing: missing, fileSize: 100, blockSize: 100) == [try range(0, 9)])
    }

    @Test func leavesOutWhatIsExcluded() throws {
        let plan = UploadPlan.blocks(
            missing: [try range(0, 19), try range(30, 39)],
            excluding: [try range(4, 7), try range(18, 31), try range(39, 50)], fileSize: 100, blockSize: 100)
        #expect(plan.map(\.description) == ["0-3", "8-17", "32-38"])
    }

    @Test func oneHoleMaySpanManyRanges() throws {
        let missing = [try range(0, 1), try range(4, 5), try range(8, 9)]
        #expect(
            UploadPlan.blocks(missing: missing, excluding: [try range(1, 8)], fileSize: 10, blockSize: 5)
                .map(\.description) == ["0-0", "9-9"])
    }

    @Test func leavesOutWhatLiesBeyondTheFile() throws {
        let missing = [try range(5, 50), try range(60, 70)]
        #expect(UploadPlan.blocks(missing: missing, fileSize: 10, blockSize: 100) == [try range(5, 9)])
        #expect(UploadPlan.blocks(missing: missing, fileSize: 0, blockSize: 100).isEmpty)
    }

    @Test func hugeBlocksDoNotOverflow() throws {
        let plan = UploadPlan.blocks(missing: [try range(7, 9)], fileSize: 10, blockSize: .max)
        #expect(plan == [try range(7, 9)])
    }

    @Test(arguments: [(-1, 3), (4, 3), (0, Int64.max)] as [(Int64, Int64)])
    func impossibleRangesCannotBeMade(start: Int64, end: Int64) {
        #expect(ByteRange(startByte: start, endByte: end) == nil)
    }
}

/// A range that a test knows to be possible.
func range(_ start: Int64, _ end: Int64) throws -> ByteRange {
    try #require(ByteRange(startByte: start, endByte: end))
}
