import NIOCore
import Synchronization

/// How much one read takes from a connection: a lot where few bodies come at once, for a read costs the same however much
/// it brings; little where many do, for each has several reads in memory until the disk has taken them.
struct ReceiveBuffers: RecvByteBufferAllocator {
    /// What suffices for heads and small bodies, in bytes.
    private static let smallest = 4 << 10
    /// Beyond this a larger one saves nothing that could be measured.
    private static let largest = 256 << 10

    private let bodies: BodyCount
    private var size = smallest

    init(_ bodies: BodyCount) {
        self.bodies = bodies
    }

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        allocator.buffer(capacity: min(size, bodies.share(of: Self.largest)))
    }

    /// Grows at once, for a body is most often larger than the last read, and shrinks by steps.
    ///
    /// - Returns: always `true`. Else the channel would not ask, and read into a copy of its last buffer, however large
    ///   that was.
    mutating func record(actualReadBytes: Int) -> Bool {
        if actualReadBytes >= min(size, bodies.share(of: Self.largest)) {
            size = min(size * 4, Self.largest)
        } else if actualReadBytes < size / 4 {
            size = max(size / 2, Self.smallest)
        }
        return true
    }
}

/// How many connections are in the middle of a body.
final class BodyCount: Sendable {
    /// Bytes that all of them together may have in memory before the handlers take them.
    private static let budget = 8 << 20
    /// Reads that wait in one connection: the framework stops reading at ten parts.
    private static let readsAhead = 10
    /// A smaller buffer saves nothing.
    private static let least = 4 << 10

    private let count = Atomic(0)

    func enter() { count.add(1, ordering: .relaxed) }

    func leave() { count.subtract(1, ordering: .relaxed) }

    /// The part of `bytes` that each may use, a power of two.
    func share(of bytes: Int) -> Int {
        let fair = Self.budget / Self.readsAhead / max(1, count.load(ordering: .relaxed))
        var share = bytes
        while share > fair, share > Self.least { share /= 2 }
        return share
    }
}
