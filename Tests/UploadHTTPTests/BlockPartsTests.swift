import Multipart
import NIOCore
import Testing
import UploadCore
import UploadTestSupport

@testable import UploadHTTP

/// A form becomes the parts of a block, however its bytes arrive.
@Suite struct BlockPartsTests {
    private static func part(_ name: String, _ content: String) -> String {
        "--B\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(content)\r\n"
    }

    private static let form =
        part("ignored", "x") + part("endByte", "4") + part("file", "a\r\n-b") + part("FILE", "y")
        + part("startByte", "") + part("partMd5", String(repeating: "0", count: 256)) + "--B--"

    /// The parts as text: fields with their values, the file's bytes in one piece.
    private func parts(_ chunks: [ByteBuffer]) async throws -> [String] {
        let body = AsyncStream<ByteBuffer> { stream in
            for chunk in chunks { stream.yield(chunk) }
            stream.finish()
        }
        var parts: [String] = []
        for try await part in BlockParts(MultipartSequence(body, boundary: "B")) {
            switch part {
            case .field(let field, let value): parts.append("\(field)=\(value)")
            case .fileBegin: parts.append("file=")
            case .fileBytes(let chunk):
                parts[parts.count - 1] += chunk.withBytes { String(decoding: $0, as: UTF8.self) }
            }
        }
        return parts
    }

    private func split(_ text: String, seed: UInt64) -> [ByteBuffer] {
        var generator = SeededGenerator(seed: seed)
        var rest = ByteBuffer(string: text)
        var chunks: [ByteBuffer] = []
        while rest.readableBytes > 0 {
            let length = Int.random(in: 0...min(rest.readableBytes, 1 << (seed % 8)), using: &generator)
            if let chunk = rest.readSlice(length: length) { chunks.append(chunk) }
        }
        return chunks
    }

    @Test(arguments: UInt64(0)..<50)
    func anySplitGivesTheSameParts(seed: UInt64) async throws {
        let zeros = String(repeating: "0", count: 256)
        let parts = try await parts(split(Self.form, seed: seed))
        #expect(parts == ["endByte=4", "file=a\r\n-b", "startByte=", "partMd5=\(zeros)"])
    }

    @Test(arguments: UInt64(0)..<50)
    func anySplitGivesTheSameError(seed: UInt64) async throws {
        let cases = [
            (Self.part("endByte", String(repeating: "0", count: 257)) + "--B--", "endByte is too long"),
            (Self.part("", "x") + "--B--", "body is malformed. A part has no name."),
            (Self.part("a\u{1}", "x") + "--B--", "body is malformed. A part has a malformed header."),
            (
                String(repeating: Self.part("x", ""), count: 33) + "--B--",
                "body is malformed. The form has too many parts."
            ),
            (
                Self.part(String(repeating: "x", count: 8192), "") + "--B--",
                "body is malformed. A part has too large a header."
            ),
            (String(Self.form.dropLast()), UploadError.interrupted.message),
        ]
        for (form, message) in cases {
            await #expect {
                try await parts(split(form, seed: seed))
            } throws: { error in
                (error as? UploadError)?.message == message
            }
        }
    }
}
