import NIOCore

/// Reads what follows a delimiter: `--` after the last one, otherwise white space and the end of the line.
///
/// RFC 2046 section 5.1.1 makes a line that begins with the boundary a boundary line, whatever follows. So anything
/// else that follows is an error, not a body that happens to look like a boundary.
struct BoundaryLine {
    enum Kind {
        case opening
        case closing
    }

    private enum Progress {
        case begin
        case dash
        case padding
        case carriageReturn
    }

    private var progress = Progress.begin
    private var length = 0
    private let limit: Int

    /// - Parameter limit: How many bytes of white space to accept.
    init(limit: Int) {
        self.limit = limit
    }

    /// Takes bytes from a chunk, up to the end of the line or the `--`.
    ///
    /// - Returns: What the delimiter was, or `nil` if the chunk has been used up before that is known.
    /// - Throws: ``MultipartError/malformedBoundaryLine``, or ``MultipartError/headerTooLarge``.
    mutating func read(_ chunk: inout ByteBuffer) throws(MultipartError) -> Kind? {
        while let byte = chunk.readInteger(as: UInt8.self) {
            switch (progress, byte) {
            case (.begin, .dash):
                progress = .dash
            case (.dash, .dash):
                return .closing
            case (.begin, .carriageReturn), (.padding, .carriageReturn):
                progress = .carriageReturn
            case (.carriageReturn, .lineFeed):
                return .opening
            case (.begin, .space), (.begin, .horizontalTab), (.padding, .space), (.padding, .horizontalTab):
                progress = .padding
                length += 1
                guard length <= limit else { throw .headerTooLarge }
            default:
                throw .malformedBoundaryLine
            }
        }
        return nil
    }
}
