/// The multipart/form-data frame around the bytes of one block.
///
/// The fields go before the file, so that a server can check the range before it takes the bytes.
public struct MultipartBlock: Sendable, Equatable {
    /// Everything before the block's bytes.
    public let preamble: String
    /// Everything after them.
    public let epilogue: String
    /// Value of the Content-Type header.
    public let contentType: String
    /// Length of the whole body in bytes.
    public let contentLength: Int64

    /// Frames `range`.
    ///
    /// - Parameters:
    ///   - partMd5: MD5 of the block's bytes, 32 hex digits.
    ///   - boundary: a token the block's bytes can't be expected to contain.
    public init(range: ByteRange, partMd5: String, boundary: String) {
        let fields = [("startByte", "\(range.startByte)"), ("endByte", "\(range.endByte)"), ("partMd5", partMd5)]
        let parts = fields.map { name, value in
            "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
        }
        preamble =
            parts.joined()
            + "--\(boundary)\r\nContent-Disposition: form-data; name=\"file\"; filename=\"block\"\r\n"
            + "Content-Type: application/octet-stream\r\n\r\n"
        epilogue = "\r\n--\(boundary)--\r\n"
        contentType = "multipart/form-data; boundary=\(boundary)"
        contentLength = Int64(preamble.utf8.count) + range.count + Int64(epilogue.utf8.count)
    }

    /// A boundary with 128 random bits.
    public static func randomBoundary() -> String {
        "fupload-" + String(UInt64.random(in: 0...UInt64.max), radix: 16)
            + String(UInt64.random(in: 0...UInt64.max), radix: 16)
    }
}
