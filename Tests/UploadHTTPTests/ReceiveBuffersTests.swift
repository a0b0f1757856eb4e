import NIOCore
import Testing

@testable import UploadHTTP

/// What reads cost in memory, however many bodies come at once.
@Suite struct ReceiveBuffersTests {
    private let bodies = BodyCount()

    private func capacity(_ buffers: ReceiveBuffers) -> Int {
        buffers.buffer(allocator: ByteBufferAllocator()).capacity
    }

    @Test func aReadThatIsFullMakesTheNextLarger() {
        var buffers = ReceiveBuffers(bodies)
        #expect(capacity(buffers) == 4 << 10)
        for expected in [16, 64, 256, 256] {
            _ = buffers.record(actualReadBytes: capacity(buffers))
            #expect(capacity(buffers) == expected << 10)
        }
        for expected in [128, 64, 32, 16, 8, 4, 4] {
            _ = buffers.record(actualReadBytes: 1)
            #expect(capacity(buffers) == expected << 10)
        }
    }

    @Test(arguments: [1, 4, 8, 100, 400]) func allBodiesTogetherStayWithinABound(count: Int) {
        var buffers = ReceiveBuffers(bodies)
        for _ in 0..<4 { _ = buffers.record(actualReadBytes: 256 << 10) }
        for _ in 0..<count { bodies.enter() }
        #expect(capacity(buffers) * count * 10 <= 16 << 20)
        for _ in 0..<count { bodies.leave() }
        #expect(capacity(buffers) == 256 << 10)
    }

    /// The channel asks for each read, also after it has read into large ones.
    @Test func eachReadHasTheShareOfItsTime() {
        var pool = NIOPooledRecvBufferAllocator(capacity: 1, recvAllocator: ReceiveBuffers(bodies))
        func capacityOfFullRead() -> Int {
            let (_, capacity) = pool.buffer(allocator: ByteBufferAllocator()) { buffer in
                buffer.writeRepeatingByte(0, count: buffer.writableBytes)
            }
            pool.record(actualReadBytes: capacity)
            return capacity
        }
        for expected in [4, 16, 64, 256, 256] { #expect(capacityOfFullRead() == expected << 10) }
        for _ in 0..<400 { bodies.enter() }
        #expect(capacityOfFullRead() == 4 << 10)
        #expect(pool.count == 1)
    }
}
