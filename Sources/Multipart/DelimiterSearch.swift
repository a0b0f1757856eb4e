/// Finds a delimiter, `CRLF "--" boundary`, in bytes.
///
/// The algorithm is Horspool's: it looks at the last byte of a window as long as the delimiter, and then moves the
/// window as far as that byte allows, mostly by its whole length. So it touches only a fraction of the bytes, which
/// makes it fast even where the loop is not optimized.
///
/// A boundary has no CR (``MultipartBoundary/isValid(_:)``), so no occurrence of the delimiter, whole or partial, can
/// overlap another. That keeps the search linear whatever the input: all comparisons begin at a CR and end at the next
/// one at the latest. Without this the algorithm would be quadratic for some inputs.
struct DelimiterSearch: Sendable {
    let delimiter: [UInt8]
    /// How far to move the window, by its last byte.
    private let skips: [UInt8]

    /// - Parameter boundary: A boundary that is valid.
    init(boundary: String) {
        delimiter = Array("\r\n--\(boundary)".utf8)
        // At most 74 bytes, so the skips fit into a byte each, and the table into four cache lines.
        var skips = [UInt8](repeating: UInt8(clamping: delimiter.count), count: 256)
        for (index, byte) in delimiter.dropLast().enumerated() {
            skips[Int(byte)] = UInt8(clamping: delimiter.count - 1 - index)
        }
        self.skips = skips
    }

    /// The offset at which a delimiter begins: a whole one, or failing that one that the end of the bytes cuts short.
    ///
    /// - Returns: The number of bytes if there is neither. All bytes before the offset are certainly not a part of a
    ///   delimiter.
    func firstOffset(in bytes: UnsafeRawBufferPointer) -> Int {
        // In a debug build access to an array is a generic call, and access to its bytes is not.
        delimiter.withUnsafeBytes { delimiter in
            skips.withUnsafeBytes { skips in
                Self.whole(delimiter, skips, in: bytes) ?? Self.partial(delimiter, in: bytes)
            }
        }
    }

    private static func whole(
        _ delimiter: UnsafeRawBufferPointer,
        _ skips: UnsafeRawBufferPointer,
        in bytes: UnsafeRawBufferPointer
    ) -> Int? {
        let last = delimiter.count - 1
        let lastByte = delimiter[last]
        let count = bytes.count
        var end = last
        while end < count {
            let byte = bytes[end]
            if byte == lastByte, matches(delimiter, bytes, from: end - last, count: last) { return end - last }
            end += Int(skips[Int(byte)])
        }
        return nil
    }

    private static func partial(_ delimiter: UnsafeRawBufferPointer, in bytes: UnsafeRawBufferPointer) -> Int {
        let count = bytes.count
        var start = count
        let first = max(0, count - delimiter.count + 1)
        while start > first {
            start -= 1
            // Only the last CR can be it: the bytes after an earlier one would have to have a CR among them.
            guard bytes[start] == .carriageReturn else { continue }
            return matches(delimiter, bytes, from: start, count: count - start) ? start : count
        }
        return count
    }

    /// Compares from the front, where the CR is: see the type for why this matters.
    private static func matches(
        _ delimiter: UnsafeRawBufferPointer,
        _ bytes: UnsafeRawBufferPointer,
        from start: Int,
        count: Int
    ) -> Bool {
        var index = 0
        while index < count {
            guard bytes[start + index] == delimiter[index] else { return false }
            index += 1
        }
        return true
    }
}
