import Benchmark
import Multipart
import NIOCore

/// A block of an upload as clients send it: three small fields, then the part `file` with random bytes, in chunks.
func registerMultipartBenchmarks() {
    register("multipart-4MiB-chunks-64KiB") { parsing(file: 4 << 20, chunk: 64 << 10, times: 1) }
    register("multipart-4MiB-chunks-4KiB") { parsing(file: 4 << 20, chunk: 4 << 10, times: 1) }
    // One takes microseconds.
    register("multipart-64KiB-one-chunk") { parsing(file: 64 << 10, chunk: .max, times: 32) }
}

private let boundary = "----WebKitFormBoundary7MA4YWxkTrZu0gW0"

private func parsing(file: Int, chunk: Int, times: Int) -> Subject {
    let chunks = form(file: file).split(into: chunk)
    return Subject(amount: .bytes(times * file)) {
        for _ in 0..<times {
            guard try fileBytes(in: chunks) == file else { throw WrongOutcome() }
        }
    }
}

private func form(file: Int) -> ByteBuffer {
    var form = ByteBuffer()
    let fields = [
        ("startByte", "4194304"), ("endByte", "\(4_194_303 + file)"), ("partMd5", "900150983cd24fb0d6963f7d28e17f72"),
    ]
    for (name, value) in fields {
        form.writeString("--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n")
    }
    form.writeString(
        """
        --\(boundary)\r
        Content-Disposition: form-data; name="file"; filename="part"\r
        Content-Type: application/octet-stream\r
        \r

        """)
    form.writeBytes(SeededGenerator.bytes(file))
    form.writeString("\r\n--\(boundary)--\r\n")
    return form
}

/// The number of bytes in the last part.
private func fileBytes(in chunks: [ByteBuffer]) throws -> Int {
    var parser = MultipartParser(boundary: boundary)
    var count = 0
    for chunk in chunks {
        parser.append(chunk)
        while let event = try parser.next() {
            switch event {
            case .partBegin: count = 0
            case .body(let bytes): count += bytes.readableBytes
            case .partEnd, .end: break
            }
        }
    }
    try parser.finish()
    return count
}

extension ByteBuffer {
    /// Chunks with memory of their own, as they come from a socket.
    fileprivate func split(into length: Int) -> [ByteBuffer] {
        var rest = self
        var chunks: [ByteBuffer] = []
        while let chunk = rest.readSlice(length: Swift.min(length, rest.readableBytes)), chunk.readableBytes > 0 {
            chunks.append(ByteBuffer(bytes: chunk.readableBytesView))
        }
        return chunks
    }
}
