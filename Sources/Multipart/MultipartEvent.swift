public import NIOCore

/// What a ``MultipartParser`` finds, in the order of the input.
///
/// A complete form is `(partBegin body* partEnd)* end`.
public enum MultipartEvent: Sendable, Equatable {
    /// All headers of a part have been read; its body follows.
    case partBegin(MultipartPartHeader)

    /// The next bytes of the body of the current part, never empty.
    ///
    /// Where a body is divided into events depends on how the input was divided into chunks, and means nothing. The
    /// buffer is a slice of the chunk it came in, which stays in memory for as long as the slice does.
    case body(ByteBuffer)

    /// The body of the current part is complete.
    case partEnd

    /// The closing boundary has been read: the form is complete.
    case end
}

/// The headers of a part that mean something in a form.
///
/// [RFC 7578 section 4.8](https://www.rfc-editor.org/rfc/rfc7578#section-4.8): all others are ignored.
public struct MultipartPartHeader: Sendable, Equatable {
    /// The name of the form field, never empty.
    public let name: String

    /// The file name the client gave, if any; empty when a browser sends a file field in which no file was chosen.
    ///
    /// Not to be used as a path: it may hold separators, `..` and anything else the client thought of.
    public let fileName: String?

    /// The `Content-Type` as the client gave it, if any; a claim, not a fact.
    public let contentType: String?

    /// Creates a header from its parts, unchecked.
    public init(name: String, fileName: String? = nil, contentType: String? = nil) {
        self.name = name
        self.fileName = fileName
        self.contentType = contentType
    }
}
