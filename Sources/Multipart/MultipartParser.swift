public import NIOCore

/// A `multipart/form-data` parser that is fed with chunks and asked for events; it does no input or output.
///
/// ```swift
/// for chunk in chunks {
///     parser.append(chunk)
///     while let event = try parser.next() { handle(event) }
/// }
/// try parser.finish()
/// ```
///
/// - Bodies are not copied: they are slices of the chunks. Of the input it holds only the chunks that ``next()`` has
///   not used up yet, and the headers of one part.
/// - The events do not depend on how the input is divided into chunks, except for how bodies are divided.
/// - The time is linear in the size of the input, in chunks of whatever size.
/// - Lines end with CRLF only. White space after a boundary is skipped, as is text before the first boundary and after
///   the last one. A line that begins with the boundary and goes on differently is an error.
///
/// Source: [RFC 7578](https://www.rfc-editor.org/rfc/rfc7578),
/// [RFC 2046 section 5.1](https://www.rfc-editor.org/rfc/rfc2046#section-5.1).
public struct MultipartParser: Sendable {
    private enum State {
        case preamble(length: Int)
        case boundaryLine
        case header
        case body
        case epilogue(length: Int)
        case failed(MultipartError)
    }

    private let limits: MultipartLimits
    private var state: State
    private var input = ChunkQueue()
    private var partCount = 0

    // Not payloads of the states: there, each change would copy them.
    private var scanner: DelimiterScanner
    private var boundaryLine: BoundaryLine
    private var header: HeaderCollector

    /// Creates a parser for one form.
    ///
    /// - Parameters:
    ///   - boundary: What ``MultipartBoundary/parse(contentType:)`` returns. With one that is not valid every use of
    ///     the parser throws ``MultipartError/invalidBoundary``.
    ///   - limits: What to accept.
    public init(boundary: String, limits: MultipartLimits = .init()) {
        self.limits = limits
        scanner = DelimiterScanner(boundary: boundary)
        scanner.startLine()
        boundaryLine = BoundaryLine(limit: limits.maxHeaderBytes)
        header = HeaderCollector(limit: limits.maxHeaderBytes)
        state = MultipartBoundary.isValid(boundary) ? .preamble(length: 0) : .failed(.invalidBoundary)
    }

    /// Adds the next bytes of the input.
    ///
    /// After each call ask ``next()`` until it returns `nil`; otherwise chunks pile up. Whatever comes after an error is
    /// dropped at once; what comes after the closing boundary is counted and dropped when ``next()`` is asked.
    public mutating func append(_ bytes: ByteBuffer) {
        switch state {
        case .failed: return
        case .preamble, .boundaryLine, .header, .body, .epilogue: input.append(bytes)
        }
    }

    /// The next event.
    ///
    /// - Returns: `nil` if more input is needed, or may come: after ``MultipartEvent/end``.
    /// - Throws: ``MultipartError``, and the same one again from then on.
    public mutating func next() throws(MultipartError) -> MultipartEvent? {
        if case .failed(let error) = state { throw error }
        do throws(MultipartError) {
            while input.advance() {
                if let event = try step() { return event }
            }
            return nil
        } catch {
            fail(error)
            throw error
        }
    }

    /// Tells that there is no more input, once ``next()`` has returned `nil`.
    ///
    /// - Throws: ``MultipartError/truncated`` unless ``MultipartEvent/end`` has been returned, or the error that
    ///   ``next()`` has thrown before.
    public mutating func finish() throws(MultipartError) {
        switch state {
        case .epilogue: return
        case .failed(let error): throw error
        case .preamble, .boundaryLine, .header, .body:
            fail(.truncated)
            throw .truncated
        }
    }

    private mutating func fail(_ error: MultipartError) {
        state = .failed(error)
        input = ChunkQueue()
    }

    /// Uses up at least one byte of the current chunk, or gives up at least one withheld byte.
    private mutating func step() throws(MultipartError) -> MultipartEvent? {
        switch state {
        case .preamble(let length): try skipPreamble(length)
        case .boundaryLine: try readBoundaryLine()
        case .header: try readHeader()
        case .body: readBody()
        case .epilogue(let length): try skipEpilogue(length)
        case .failed: nil
        }
    }

    private mutating func skipPreamble(_ length: Int) throws(MultipartError) -> MultipartEvent? {
        switch scanner.scan(&input.current) {
        case .content(let bytes):
            guard bytes.readableBytes <= limits.maxHeaderBytes - length else { throw .preambleTooLarge }
            state = .preamble(length: length + bytes.readableBytes)
        case .delimiter:
            beginBoundaryLine()
        case nil:
            break
        }
        return nil
    }

    private mutating func beginBoundaryLine() {
        boundaryLine = BoundaryLine(limit: limits.maxHeaderBytes)
        state = .boundaryLine
    }

    private mutating func readBoundaryLine() throws(MultipartError) -> MultipartEvent? {
        switch try boundaryLine.read(&input.current) {
        case .opening:
            guard partCount < limits.maxParts else { throw .tooManyParts }
            partCount += 1
            header = HeaderCollector(limit: limits.maxHeaderBytes)
            state = .header
            return nil
        case .closing:
            state = .epilogue(length: 0)
            return .end
        case nil:
            return nil
        }
    }

    private mutating func readHeader() throws(MultipartError) -> MultipartEvent? {
        guard let lines = try header.collect(&input.current) else { return nil }
        let partHeader = try PartHeaderParser.parse(lines)
        scanner.startLine()
        state = .body
        return .partBegin(partHeader)
    }

    private mutating func readBody() -> MultipartEvent? {
        switch scanner.scan(&input.current) {
        case .content(let bytes):
            return .body(bytes)
        case .delimiter:
            beginBoundaryLine()
            return .partEnd
        case nil:
            return nil
        }
    }

    private mutating func skipEpilogue(_ length: Int) throws(MultipartError) -> MultipartEvent? {
        let count = input.current.readableBytes
        guard count <= limits.maxEpilogueBytes - length else { throw .epilogueTooLarge }
        state = .epilogue(length: length + count)
        input.current.moveReaderIndex(forwardBy: count)
        return nil
    }
}
