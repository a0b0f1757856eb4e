import Testing
import UploadCore
import UploadTestSupport

@Suite struct ByteRangeTests {
    @Test(arguments: [(0, 0), (5, 5), (5, 4), (-1, 3), (.max, .min)] as [(Int64, Int64)])
    func refusesWhatIsNoRange(start: Int64, end: Int64) {
        #expect(ByteRange(start: start, end: end) == nil)
    }

    @Test(arguments: [(1, 0), (-1, 0), (0, .max), (-2, -1)] as [(Int64, Int64)])
    func refusesWrongInclusiveEnds(first: Int64, last: Int64) {
        #expect(ByteRange(first: first, last: last) == nil)
    }

    @Test func convertsInclusiveEnds() throws {
        let one = try #require(ByteRange(first: 7, last: 7))
        #expect((one.start, one.end, one.first, one.last, one.count) == (7, 8, 7, 7, 1))
        let most = try #require(ByteRange(first: 0, last: .max - 1))
        #expect((most.count, most.last) == (.max, .max - 1))
        #expect("\(range(3, 9))" == "3-9")
    }

    @Test(arguments: [
        (range(0, 4), range(5, 9), nil), (range(0, 5), range(5, 9), range(5, 5)),
        (range(0, 9), range(3, 4), range(3, 4)), (range(3, 4), range(3, 4), range(3, 4)),
        (range(6, 9), range(0, 2), nil),
    ])
    func intersects(left: ByteRange, right: ByteRange, both: ByteRange?) {
        #expect(left.intersection(right) == both)
        #expect(right.intersection(left) == both)
        #expect(left.overlaps(right) == (both != nil))
        #expect(right.overlaps(left) == (both != nil))
    }
}
