import Benchmark
import UploadCore

/// The set of what is held of a file, of 10,000 blocks or with 5,000 gaps.
func registerRangeSetBenchmarks() {
    register("ranges-insert-in-order") { try inserting(blocks()) }
    register("ranges-insert-shuffled") {
        var generator = SeededGenerator(seed: 1)
        return try inserting(blocks().shuffled(using: &generator))
    }
    register("ranges-missing", missing)
    register("ranges-contains", contains)
}

private let count: Int64 = 10_000
private let blockSize: Int64 = 1 << 20

private func blocks() throws -> [ByteRange] {
    try (0..<count).map { index in
        let block = ByteRange(start: index * blockSize, end: (index + 1) * blockSize)
        guard let block else { throw WrongOutcome() }
        return block
    }
}

/// Every other block, without the first.
private func setWithGaps() throws -> RangeSet {
    RangeSet(try blocks().filter { $0.start / blockSize % 2 == 1 })
}

private func inserting(_ blocks: [ByteRange]) -> Subject {
    Subject(amount: .calls(blocks.count)) {
        var set = RangeSet()
        for block in blocks { set.insert(block) }
        guard set.ranges.count == 1, set.count == count * blockSize else { throw WrongOutcome() }
    }
}

private func missing() throws -> Subject {
    let set = try setWithGaps()
    // One takes microseconds.
    let times = 50
    return Subject(amount: .calls(times)) {
        for _ in 0..<times {
            guard set.missing(ofSize: count * blockSize).count == count / 2 else { throw WrongOutcome() }
        }
    }
}

private func contains() throws -> Subject {
    let set = try setWithGaps()
    var generator = SeededGenerator(seed: 1)
    let asked = try blocks().shuffled(using: &generator)
    return Subject(amount: .calls(asked.count)) {
        var held = 0
        for block in asked where set.contains(block) { held += 1 }
        guard held == count / 2 else { throw WrongOutcome() }
    }
}
