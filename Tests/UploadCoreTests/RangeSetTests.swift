import Testing
import UploadCore
import UploadTestSupport

/// Held against the simplest thing that can't be wrong: one Bool a byte.
@Suite struct RangeSetTests {
    private static let size = 60

    private static func runs(_ flags: [Bool], of value: Bool) -> [ByteRange] {
        var runs: [ByteRange] = []
        var start: Int?
        for index in 0...flags.count {
            let matches = index < flags.count && flags[index] == value
            if matches, start == nil { start = index }
            if !matches, let begun = start {
                if let run = ByteRange(start: Int64(begun), end: Int64(index)) { runs.append(run) }
                start = nil
            }
        }
        return runs
    }

    private static func someRange(_ generator: inout SeededGenerator) -> ByteRange {
        let first = Int64.random(in: 0..<Int64(size), using: &generator)
        let last = min(Int64(size) - 1, first + Int64.random(in: 0..<12, using: &generator))
        return range(first, last)
    }

    @Test(arguments: 1...60 as ClosedRange<UInt64>)
    func agreesWithABitmap(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var set = RangeSet()
        var flags = [Bool](repeating: false, count: Self.size)
        for _ in 0..<25 {
            let added = Self.someRange(&generator)
            set.insert(added)
            for offset in added.start..<added.end { flags[Int(offset)] = true }

            #expect(set.ranges == Self.runs(flags, of: true))
            #expect(set.count == Int64(flags.count { $0 }))
            #expect(set.missing(ofSize: Int64(Self.size)) == Self.runs(flags, of: false))
            #expect(
                (-2...Int64(Self.size) + 2).allSatisfy { offset in
                    set.contains(offset) == (flags.indices.contains(Int(offset)) && flags[Int(offset)])
                })

            let asked = Self.someRange(&generator)
            let part = Array(flags[Int(asked.start)..<Int(asked.end)])
            #expect(set.contains(asked) == part.allSatisfy { $0 })
            let gaps = Self.runs(part, of: false).map { range($0.first + asked.start, $0.last + asked.start) }
            #expect(set.missing(in: asked) == gaps)

            let limit = Int.random(in: 0...4, using: &generator)
            let file = Int64.random(in: 0...Int64(Self.size), using: &generator)
            let all = Self.runs(Array(flags.prefix(Int(file))), of: false)
            #expect(set.missing(ofSize: file, limit: limit) == Array(all.prefix(limit)))
        }
        #expect(RangeSet(set.ranges.shuffled(using: &generator)) == set)
    }

    @Test func anEmptySetLacksEverything() {
        let set = RangeSet()
        #expect(set.isEmpty)
        #expect(set.missing(ofSize: 0) == [])
        #expect(set.missing(ofSize: 10) == [range(0, 9)])
        #expect(set.missing(ofSize: 10, limit: 0) == [])
        #expect(!set.contains(-1))
        #expect(!set.contains(Int64.max))
    }

    @Test func touchingRangesBecomeOne() {
        let set = RangeSet([range(10, 19), range(0, 4), range(5, 9)])
        #expect(set.ranges == [range(0, 19)])
        #expect(set.missing(ofSize: 15) == [])
    }

    @Test func holdsTheLargestFile() {
        let set = RangeSet([range(0, .max - 2)])
        #expect(set.count == .max - 1)
        #expect(set.missing(ofSize: .max) == [range(.max - 1, .max - 1)])
    }
}
