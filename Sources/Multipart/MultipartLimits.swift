/// What a ``MultipartParser`` accepts from a peer it does not trust.
///
/// A body of any size passes through without being held, so these limits alone bound the memory of a parser.
public struct MultipartLimits: Sendable {
    /// The largest number of parts. One more is ``MultipartError/tooManyParts``.
    public var maxParts: Int

    /// The largest number of bytes in all header lines of one part, line ends and the closing empty line included.
    /// One more is ``MultipartError/headerTooLarge``.
    ///
    /// The other two places where a peer may send bytes that mean nothing have the same bound: the preamble, and the
    /// white space after one boundary.
    public var maxHeaderBytes: Int

    /// Creates limits; the defaults suit a form of a few fields and files.
    public init(maxParts: Int = 32, maxHeaderBytes: Int = 8192) {
        self.maxParts = maxParts
        self.maxHeaderBytes = maxHeaderBytes
    }
}
