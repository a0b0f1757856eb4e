/// How far an MD5 has come after a number of whole chunks: all that is needed to go on from there.
public struct MidState: Sendable, Hashable {
    /// The most bytes whose number in bits goes into the 64 bits that MD5 has for it (RFC 1321, section 3.2), in whole
    /// chunks.
    private static let mostBytes: Int64 = 1 << 61 - 64

    let words: Words
    /// The number of bytes taken in, a multiple of 64.
    public let bytes: Int64

    init(_ words: Words, bytes: Int64) {
        self.words = words
        self.bytes = bytes
    }

    /// From the words in hex and the number of bytes, as ``hex`` and ``bytes`` give them; `nil` for anything that can't
    /// be a state: other than 32 lower-case digits, no multiple of 64, negative, more than MD5 has a length for, or
    /// words other than those that every MD5 begins with when there are no bytes.
    public init?(hex: some StringProtocol, bytes: Int64) {
        guard let words = Words(hex: hex) else { return nil }
        guard (0...Self.mostBytes).contains(bytes), bytes % 64 == 0 else { return nil }
        guard bytes > 0 || words == .initial else { return nil }
        self.init(words, bytes: bytes)
    }

    /// The words as 32 lower-case hex digits, in the order of the bytes of a digest (RFC 1321, section 3.5).
    public var hex: String { words.hex }
}
