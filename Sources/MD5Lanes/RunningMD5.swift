internal import CMD5

/// An MD5 (RFC 1321) that takes in bytes as they come, tells the digest of those so far at any time, and can be put down
/// and taken up again at every whole chunk.
public struct RunningMD5: Sendable {
    /// The 16 bytes of an MD5.
    public struct Digest: Sendable, Hashable, RandomAccessCollection, CustomStringConvertible {
        let words: Words

        /// 0.
        public var startIndex: Int { 0 }
        /// 16.
        public var endIndex: Int { 16 }

        /// One of the bytes, in the order in which a digest is written.
        public subscript(index: Int) -> UInt8 {
            precondition(indices.contains(index), "an MD5 digest has 16 bytes")
            return words[index]
        }

        /// 32 lower-case hex digits.
        public var description: String { words.hex }
    }

    /// What comes next into the state.
    enum Run {
        /// ``RunningMD5/staging``, which is full.
        case staging
        /// Whole chunks where they lie.
        case chunks(UnsafeRawBufferPointer)
    }

    /// The bytes of a chunk (RFC 1321, section 3.4).
    static let chunk = 64

    /// After all whole chunks.
    var state: md5_state
    /// The number of bytes taken in.
    public private(set) var count: Int64
    /// Begins with the bytes behind the last whole chunk.
    private(set) var staging = InlineArray<64, UInt8>(repeating: 0)

    /// Of no bytes yet.
    public init() {
        self.init(resuming: MidState(.initial, bytes: 0))
    }

    /// Goes on from where another one was; the byte that comes next is the one at offset ``MidState/bytes``.
    public init(resuming midState: MidState) {
        state = midState.words.state
        count = midState.bytes
    }

    /// The state at the last whole chunk: the bytes behind it, 63 at most, are not in it.
    public var midState: MidState { MidState(Words(state), bytes: count - Int64(staged)) }

    /// The MD5 of the bytes so far. More can be taken in afterwards.
    public var digest: Digest { digest(using: .best(forJobs: 1)) }

    /// Takes in bytes, any number.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        update(bytes, using: .best(forJobs: 1))
    }

    /// The number of bytes in ``staging``.
    private var staged: Int { Int(count % Int64(Self.chunk)) }

    /// - Parameter kernel: One of a single lane.
    func digest(using kernel: Kernel) -> Digest {
        // RFC 1321, sections 3.1 and 3.2: a bit, no bits up to 8 bytes before the end of a chunk, and the number of bits.
        let zeros = (Self.chunk + 55 - staged) % Self.chunk
        let bits = UInt64(count) << 3
        var padding = InlineArray<72, UInt8>(repeating: 0)
        padding[0] = 0x80
        for index in 0..<8 { padding[1 + zeros + index] = UInt8(truncatingIfNeeded: bits >> UInt64(8 * index)) }
        var last = self
        withUnsafeBytes(of: padding) {
            last.update(UnsafeRawBufferPointer(rebasing: $0.prefix(1 + zeros + 8)), using: kernel)
        }
        return Digest(words: Words(last.state))
    }

    /// - Parameter kernel: One of a single lane.
    mutating func update(_ bytes: UnsafeRawBufferPointer, using kernel: Kernel) {
        var rest = bytes
        while let run = nextRun(of: &rest) {
            switch run {
            case .staging: withUnsafeBytes(of: staging) { kernel.take($0, into: &state) }
            case .chunks(let chunks): kernel.take(chunks, into: &state)
            }
        }
    }

    /// Counts what comes next off the bytes and as taken in; it is for the caller to take it into ``state`` before the
    /// next call. `nil` when no bytes are left.
    mutating func nextRun(of bytes: inout UnsafeRawBufferPointer) -> Run? {
        let staged = staged
        if staged == 0, bytes.count >= Self.chunk {
            let whole = bytes.count - bytes.count % Self.chunk
            let chunks = UnsafeRawBufferPointer(rebasing: bytes.prefix(whole))
            bytes = UnsafeRawBufferPointer(rebasing: bytes.dropFirst(whole))
            count += Int64(whole)
            return .chunks(chunks)
        }
        let part = bytes.prefix(Self.chunk - staged)
        withUnsafeMutableBytes(of: &staging) { $0[staged...].copyBytes(from: part) }
        bytes = UnsafeRawBufferPointer(rebasing: bytes.dropFirst(part.count))
        count += Int64(part.count)
        return staged + part.count == Self.chunk ? .staging : nil
    }
}
