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

    /// The parts as text: fields with their values, the file's bytes in one piece; and what was wrong after them.
    private func read(_ chunks: [ByteBuffer]) async -> (parts: [String], error: (any Error)?) {
        let body = AsyncStream<ByteBuffer> { stream in
            for chunk in chunks { stream.yield(chunk) }
            stream.finish()
        }
        var parts: [String] = []
        do {
            for try await part in BlockParts(body, boundary: "B") {
                switch part {
                case .field(let field, let value): parts.append("\(field)=\(value)")
                case .fileBegin: parts.append("file=")
                case .fileBytes(let chunk):
                    parts[parts.count - 1] += chunk.withBytes { String(decoding: $0, as: UTF8.self) }
                }
            }
            return (parts, nil)
        } catch {
            return (parts, error)
        }
    }

    /// The same; throws what was wrong.
    private func parts(_ chunks: [ByteBuffer]) async throws -> [String] {
        let (parts, error) = await read(chunks)
        if let error { throw error }
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

    private static func filler(_ count: Int) -> String { String(repeating: "x", count: count) }

    private func chunks(_ text: String, of length: Int) -> [ByteBuffer] {
        var rest = ByteBuffer(string: text)
        var chunks: [ByteBuffer] = []
        while let chunk = rest.readSlice(length: min(length, rest.readableBytes)), chunk.readableBytes > 0 {
            chunks.append(chunk)
        }
        return chunks
    }

    /// Before a file has begun, it is the form that is wrong; after that, the file is too short.
    @Test(arguments: ["", "hello", "--nope\r\n", "--B\r\nContent-Disposition: form-data; name=\"startByte\"\r\n\r\n0"])
    func aBodyThatIsNoWholeFormIsNamed(body: String) async throws {
        let (_, error) = await read(chunks(body, of: 7))
        #expect((error as? UploadError)?.code == .invalidParameter)
        #expect((error as? UploadError)?.message.hasPrefix("body is not a whole form") == true)
        let (_, short) = await read(chunks(Self.part("file", "abc"), of: 7))
        #expect((short as? UploadError)?.code == .rangeWrong)
    }

    /// A mebibyte in all parts that mean nothing, and 65,536 after the form. Bytes are counted, not chunks.
    @Test(arguments: [7, 1000, 65_535, 65_536, 65_537, 1 << 20])
    func bytesThatMeanNothingHaveABound(length: Int) async throws {
        let begin = Self.part("one", Self.filler(1_048_040)) + Self.part("endByte", "4")
        let allowed = begin + Self.part("two", Self.filler(536)) + Self.part("startByte", "0") + "--B--"
        #expect(try await parts(chunks(allowed + Self.filler(65_536), of: length)) == ["endByte=4", "startByte=0"])

        let tooMuch = begin + Self.part("two", Self.filler(537)) + Self.part("startByte", "0") + "--B--"
        let (first, ignored) = await read(chunks(tooMuch, of: length))
        #expect(first == ["endByte=4"])
        #expect((ignored as? UploadError)?.message == "body has too many bytes in parts that mean nothing")
        #expect((ignored as? UploadError)?.code == .invalidParameter)

        let (all, epilogue) = await read(chunks(allowed + Self.filler(65_537), of: length))
        #expect(all == ["endByte=4", "startByte=0"])
        let message = "body is malformed. There is too much data after the last boundary."
        #expect((epilogue as? UploadError)?.message == message)
        #expect((epilogue as? UploadError)?.code == .invalidParameter)
    }
}
