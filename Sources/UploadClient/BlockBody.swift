import NIOCore

/// The bytes of one block's request, read from the file as the connection takes them, so that memory does not grow with
/// the block size.
struct BlockBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    /// Small, because the stall guard sees progress only when a piece is taken.
    private static let pieceSize: Int64 = 64 << 10

    let file: SourceFile
    let range: ByteRange
    let frame: MultipartBlock
    let meter: TransferMeter

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate enum Position {
            case preamble
            case content(Int64)
            case epilogue
            case end
        }

        fileprivate let body: BlockBody
        fileprivate var position = Position.preamble

        mutating func next() async throws -> ByteBuffer? {
            switch position {
            case .preamble:
                position = .content(body.range.startByte)
                return ByteBuffer(string: body.frame.preamble)
            case .content(let offset):
                let count = Swift.min(BlockBody.pieceSize, body.range.endByte - offset + 1)
                let piece = try await body.file.read(at: offset, count: Int(count))
                let next = offset + count
                position = next > body.range.endByte ? .epilogue : .content(next)
                body.meter.moved(count)
                return piece
            case .epilogue:
                position = .end
                body.meter.allTaken()
                return ByteBuffer(string: body.frame.epilogue)
            case .end:
                return nil
            }
        }
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(body: self)
    }
}
