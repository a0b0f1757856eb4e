/// A non-empty run of bytes in a file, half-open: `start..<end`, in bytes from the file's beginning.
///
/// The wire and the database speak of inclusive ends (`startByte`, `endByte`); they convert with
/// ``init(first:last:)``, ``first`` and ``last``, so that the arithmetic in between needs no ±1.
public struct ByteRange: Hashable, Sendable, CustomStringConvertible {
    /// The first byte.
    public let start: Int64
    /// The byte after the last one.
    public let end: Int64

    /// `nil` unless `0 <= start < end`.
    public init?(start: Int64, end: Int64) {
        guard start >= 0, start < end else { return nil }
        self.start = start
        self.end = end
    }

    /// From inclusive ends, as the wire has them; `nil` unless `0 <= first <= last < Int64.max`.
    public init?(first: Int64, last: Int64) {
        guard last < Int64.max else { return nil }
        self.init(start: first, end: last + 1)
    }

    /// The first byte (`startByte`).
    public var first: Int64 { start }
    /// The last byte, inclusive (`endByte`).
    public var last: Int64 { end - 1 }
    /// The number of bytes, at least one.
    public var count: Int64 { end - start }

    /// Whether the two share at least one byte.
    public func overlaps(_ other: ByteRange) -> Bool {
        start < other.end && other.start < end
    }

    /// The bytes both have; `nil` when there are none.
    public func intersection(_ other: ByteRange) -> ByteRange? {
        ByteRange(start: max(start, other.start), end: min(end, other.end))
    }

    /// `first-last`, inclusive, as in an HTTP Range header.
    public var description: String { "\(first)-\(last)" }
}
