/// A stretch of a file, both ends inclusive, counted in bytes from 0: what the wire calls a block.
///
/// It is never empty and never negative; decoding anything else fails.
public struct ByteRange: Hashable, Sendable {
    /// Offset of the first byte.
    public let startByte: Int64
    /// Offset of the last byte, at least ``startByte``.
    public let endByte: Int64

    /// Number of bytes, at least 1.
    public var count: Int64 { endByte - startByte + 1 }

    /// Makes a range, or nil when `startByte` is negative, past `endByte`, or the length does not fit 64 bits.
    public init?(startByte: Int64, endByte: Int64) {
        guard startByte >= 0, endByte >= startByte, endByte < .max else { return nil }
        self.startByte = startByte
        self.endByte = endByte
    }
}

extension ByteRange: Codable {
    private enum CodingKeys: String, CodingKey {
        case startByte, endByte
    }

    /// Reads `{"startByte":…,"endByte":…}`; throws `DecodingError` when the ends make no range.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let start = try container.decode(Int64.self, forKey: .startByte)
        let end = try container.decode(Int64.self, forKey: .endByte)
        guard let range = ByteRange(startByte: start, endByte: end) else {
            throw DecodingError.dataCorruptedError(
                forKey: .endByte, in: container, debugDescription: "\(start)…\(end) is no byte range")
        }
        self = range
    }
}

extension ByteRange: CustomStringConvertible {
    /// `start-end`, as HTTP writes ranges.
    public var description: String { "\(startByte)-\(endByte)" }
}
