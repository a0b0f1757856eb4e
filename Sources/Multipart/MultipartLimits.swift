/// What a ``MultipartParser`` accepts from a peer it does not trust.
///
/// A body of any size passes through without being held, so the first two limits alone bound the memory of a parser.
public struct MultipartLimits: Sendable {
    /// The largest number of parts. One more is ``MultipartError/tooManyParts``.
    public var maxParts: Int

    /// The largest number of bytes in all header lines of one part, line ends and the closing empty line included.
    /// One more is ``MultipartError/headerTooLarge``.
    ///
    /// Two other places where a peer may send bytes that mean nothing have the same bound: the preamble, and the white
    /// space after one boundary.
    public var maxHeaderBytes: Int

    /// The largest number of bytes after the closing boundary. One more is ``MultipartError/epilogueTooLarge``.
    ///
    /// They cost no memory, but whoever waits for the end of the input waits for them.
    public var maxEpilogueBytes: Int

    /// Creates limits; the defaults suit a form of a few fields and files.
    public init(maxParts: Int = 32, maxHeaderBytes: Int = 8192, maxEpilogueBytes: Int = 65_536) {
        self.maxParts = maxParts
        self.maxHeaderBytes = maxHeaderBytes
        self.maxEpilogueBytes = maxEpilogueBytes
    }
}
