import NIOCore

/// The chunks that wait to be parsed. Chunks are never joined.
struct ChunkQueue: Sendable {
    /// The chunk to read from; empty until ``advance()`` says otherwise.
    var current = ByteBuffer()
    private var waiting = CircularBuffer<ByteBuffer>()

    mutating func append(_ chunk: ByteBuffer) {
        guard chunk.readableBytes > 0 else { return }
        waiting.append(chunk)
    }

    /// Makes sure that ``current`` has bytes, `false` if there are none left.
    mutating func advance() -> Bool {
        if current.readableBytes > 0 { return true }
        // Assigned even if there is no other, so that a chunk that has been read is not kept in memory.
        let next = waiting.popFirst()
        current = next ?? ByteBuffer()
        return next != nil
    }
}
