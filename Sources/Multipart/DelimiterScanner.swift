import NIOCore

/// Divides a stream of chunks into content and delimiters, without copying and without joining chunks.
///
/// What may be the beginning of a delimiter at the end of a chunk is withheld until the next chunk tells. It is not
/// stored: it equals the beginning of the delimiter, so its length is enough.
struct DelimiterScanner: Sendable {
    enum Finding {
        /// Bytes that are not part of a delimiter, at least one.
        case content(ByteBuffer)
        case delimiter
    }

    private let search: DelimiterSearch
    /// The delimiter again, to slice withheld bytes from.
    private let delimiter: ByteBuffer
    /// How many bytes of the delimiter have been matched so far.
    private var matched = 0
    /// How many of these were not in the content, and so are not given back should the match fail.
    private var implied = 0

    /// - Parameter boundary: A boundary that is valid.
    init(boundary: String) {
        search = DelimiterSearch(boundary: boundary)
        delimiter = ByteBuffer(bytes: search.delimiter)
    }

    /// Starts over, right after a line end or at the very beginning of the input.
    ///
    /// Either serves as the CRLF that a delimiter begins with, without being part of the content. So the first boundary
    /// needs no line before it, and a part may have no body at all, not even an empty one (RFC 2046 section 5.1.1,
    /// `body-part`).
    mutating func startLine() {
        matched = 2
        implied = 2
    }

    /// Takes the next finding from a chunk that is not empty.
    ///
    /// - Returns: `nil` if there is none yet; the chunk may be empty then, or not.
    mutating func scan(_ chunk: inout ByteBuffer) -> Finding? {
        if matched == 0 {
            let offset = chunk.withUnsafeReadableBytes(search.firstOffset(in:))
            if offset > 0 { return chunk.readSlice(length: offset).map(Finding.content) }
        }

        let length = min(chunk.readableBytes, delimiter.readableBytes - matched)
        guard chunk.getSlice(at: chunk.readerIndex, length: length) == delimiter.getSlice(at: matched, length: length)
        else { return withheld().map(Finding.content) }

        chunk.moveReaderIndex(forwardBy: length)
        matched += length
        guard matched == delimiter.readableBytes else { return nil }
        matched = 0
        implied = 0
        return .delimiter
    }

    /// Gives up the current match.
    ///
    /// None of what was matched can begin another one, as its only CR is the first byte.
    private mutating func withheld() -> ByteBuffer? {
        defer {
            matched = 0
            implied = 0
        }
        return matched > implied ? delimiter.getSlice(at: implied, length: matched - implied) : nil
    }
}
