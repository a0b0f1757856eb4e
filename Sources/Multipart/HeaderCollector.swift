import NIOCore

/// Gathers the header lines of one part from as many chunks as they come in.
///
/// These are the only bytes of the input that are copied, and the only ones held from one chunk to the next. Each byte
/// is looked at once.
struct HeaderCollector {
    private var lines = ByteBuffer()
    /// How many bytes have been gathered of the line that is not complete yet.
    private var lineLength = 0
    private let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    /// Takes bytes from a chunk, up to the end of the headers.
    ///
    /// Only CRLF ends a line. A bare LF is refused: no browser and no HTTP library sends it, and to be lenient here is
    /// to read a message differently from whatever else has inspected it.
    ///
    /// - Returns: All header lines without the closing empty one, or `nil` if the chunk has been used up before.
    /// - Throws: ``MultipartError/headerTooLarge``, or ``MultipartError/malformedHeader`` for a bare LF.
    mutating func collect(_ chunk: inout ByteBuffer) throws(MultipartError) -> ByteBuffer? {
        while chunk.readableBytes > 0 {
            let view = chunk.readableBytesView
            let lineFeed = view.firstIndex(of: .lineFeed)
            let length = lineFeed.map { $0 - view.startIndex + 1 } ?? view.count
            guard length <= limit - lines.readableBytes else { throw .headerTooLarge }
            guard var bytes = chunk.readSlice(length: length) else { return nil }
            lines.writeBuffer(&bytes)
            lineLength += length
            guard lineFeed != nil else { return nil }

            let lineEnd = lines.writerIndex
            guard lineLength >= 2, lines.getInteger(at: lineEnd - 2) == UInt8.carriageReturn else {
                throw .malformedHeader
            }
            if lineLength == 2 { return lines.readSlice(length: lines.readableBytes - 2) }
            lineLength = 0
        }
        return nil
    }
}
