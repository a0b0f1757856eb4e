import Crypto
import Foundation

/// A file to upload: bytes from a seed, and their MD5.
public struct TestFile: Sendable {
    /// The bytes.
    public let bytes: [UInt8]
    /// Lower-case hex.
    public let md5: String

    /// `size` bytes which the same seed always gives.
    public init(size: Int, seed: UInt64) {
        self.init(SeededGenerator.bytes(size, seed: seed))
    }

    /// These bytes.
    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
        md5 = Self.md5(bytes)
    }

    /// The bytes of a range, inclusive as on the wire.
    public subscript(_ range: ClosedRange<Int>) -> [UInt8] { Array(bytes[range]) }

    /// The whole file as blocks of `size` bytes, the last one shorter.
    public func blocks(of size: Int) -> [ClosedRange<Int>] {
        stride(from: 0, to: bytes.count, by: size).map { $0...min($0 + size, bytes.count) - 1 }
    }

    /// MD5 as lower-case hex.
    public static func md5(_ bytes: some Sequence<UInt8>) -> String {
        Insecure.MD5.hash(data: Data(bytes)).map { String(format: "%02x", $0) }.joined()
    }
}
