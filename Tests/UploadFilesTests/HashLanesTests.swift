import Blocking
import Crypto
import Synchronization
import Testing
import UploadCore
import UploadTestSupport

@testable import UploadFiles

/// Many streams at once, each with its portions in order.
@Suite(.timeLimit(.minutes(2))) struct HashLanesTests {
    private let threads = IOThreads(count: 4)

    /// Adds portions of random sizes, a few ahead of what is hashed, and gives the digest.
    private func hash(_ content: [UInt8], in lanes: HashLanes, seed: UInt64) async throws -> MD5Digest {
        var generator = SeededGenerator(seed: seed)
        let (stream, pipeline) = (HashLanes.Stream(), Pipeline(depth: 3))
        var rest = content[...]
        while !rest.isEmpty {
            let portion = Array(rest.prefix(Int.random(in: 1...20_000, using: &generator)))
            rest = rest.dropFirst(portion.count)
            try await pipeline.begin()
            let middle = Int.random(in: 0...portion.count, using: &generator)
            lanes.add([Array(portion[..<middle]), Array(portion[middle...])], to: stream) { pipeline.end() }
            threads.submit { lanes.work() }
        }
        try await pipeline.drain()
        return MD5Digest(stream.value.digest)
    }

    @Test(arguments: [1, 2, 5]) func manyStreamsEndInTheirOwnDigests(width: Int) async throws {
        let lanes = HashLanes(width: width, on: threads)
        let contents = (0..<40).map { SeededGenerator.bytes(1000 + 7919 * $0, seed: UInt64($0)) }
        let digests = try await withThrowingTaskGroup(of: (Int, MD5Digest).self) { group in
            for (index, content) in contents.enumerated() {
                group.addTask { (index, try await hash(content, in: lanes, seed: UInt64(index))) }
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        for (index, content) in contents.enumerated() {
            #expect(digests[index] == MD5Digest(Insecure.MD5.hash(data: content)), "stream \(index)")
        }
    }

    @Test func nothingToTakeInIsDoneToo() async throws {
        let (lanes, stream, pipeline) = (HashLanes(width: 0, on: threads), HashLanes.Stream(), Pipeline(depth: 2))
        lanes.work()
        try await pipeline.begin(2)
        lanes.add([], to: stream) { pipeline.end() }
        lanes.add([[UInt8]()], to: stream) { pipeline.end() }
        lanes.work()
        try await pipeline.drain()
        #expect(MD5Digest(stream.value.digest).description == "d41d8cd98f00b204e9800998ecf8427e")
    }

    /// However much there is to hash, a write that waits for the same thread need not wait for all of it.
    @Test func whatWaitsForTheThreadComesBetweenTheBatches() async throws {
        let threads = IOThreads(count: 1)
        let (lanes, stream, pipeline) = (HashLanes(width: 1, on: threads), HashLanes.Stream(), Pipeline(depth: 4))
        let order = Mutex<[String]>([])
        let note = { @Sendable (word: String) in
            order.withLock { $0.append(word) }
            pipeline.end()
        }
        try await pipeline.begin(4)
        lanes.add([[1]], to: stream) {
            note("first portion")
            threads.submit { note("write") }
        }
        lanes.add([[2]], to: stream) { note("second portion") }
        lanes.add([[3]], to: stream) { note("third portion") }
        threads.submit { lanes.work() }
        try await pipeline.drain()
        #expect(order.withLock { $0 } == ["first portion", "write", "second portion", "third portion"])
    }
}

@Suite(.timeLimit(.minutes(1))) struct PipelineTests {
    private struct Fault: Error {}

    @Test func soManyStepsAtOnceAndNoMore() async throws {
        let (pipeline, begun) = (Pipeline(depth: 3), Counter())
        let task = Task {
            for _ in 0..<5 {
                try await pipeline.begin()
                begun.increment()
            }
        }
        await begun.reach(3)
        #expect(begun.value == 3)
        pipeline.end()
        await begun.reach(4)
        pipeline.end()
        try await task.value
        for _ in 0..<3 { pipeline.end() }
        try await pipeline.drain()
    }

    @Test func aStepThatFailedIsToldWithTheNextAndAtTheEnd() async throws {
        let pipeline = Pipeline(depth: 2)
        try await pipeline.begin(2)
        pipeline.end(Fault())
        let next = Task { try await pipeline.begin() }
        pipeline.end()
        await #expect(throws: Fault.self) { try await next.value }
        await #expect(throws: Fault.self) { try await pipeline.drain() }
    }
}
