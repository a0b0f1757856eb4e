import Hummingbird
import Multipart
import UploadCore

/// A multipart body as the domain wants it: the three fields as text, `file` as bytes, everything else skipped, as long as
/// it is not much.
struct BlockParts<Body: AsyncSequence & Sendable>: AsyncSequence, Sendable where Body.Element == ByteBuffer {
    typealias Element = BlockPart
    typealias Failure = any Error

    /// A field longer than this is no number and no MD5.
    private static var maximumFieldLength: Int { 256 }
    /// Bytes of parts that mean nothing, all of them together: a thumbnail is no fault.
    private static var maximumIgnored: Int { 1 << 20 }

    private let events: MultipartSequence<Body>

    /// - Parameter boundary: what the form's parts are divided by.
    init(_ body: Body, boundary: String) {
        events = MultipartSequence(body, boundary: boundary)
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(events: events.makeAsyncIterator())
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        private enum Part {
            case none
            case field(BlockPart.Field, [UInt8])
            case file
            case ignored
        }

        private var events: MultipartSequence<Body>.AsyncIterator
        private var part = Part.none
        private var hasFile = false
        private var ignored = 0

        fileprivate init(events: MultipartSequence<Body>.AsyncIterator) {
            self.events = events
        }

        mutating func next(isolation actor: isolated (any Actor)?) async throws -> BlockPart? {
            do {
                while let event = try await events.next(isolation: actor) {
                    if let part = try take(event) { return part }
                }
                return nil
            } catch MultipartError.truncated where !hasFile {
                // The body came to its end; one that breaks off says so itself.
                throw UploadError.invalid("body", "is not a whole form, or has another boundary than Content-Type says")
            } catch let error as MultipartError {
                throw UploadError(translating: error)
            }
        }

        private mutating func take(_ event: MultipartEvent) throws(UploadError) -> BlockPart? {
            switch event {
            case .partBegin(let header):
                if let field = BlockPart.Field(rawValue: header.name) {
                    part = .field(field, [])
                } else if header.name == "file" {
                    part = .file
                    hasFile = true
                    return .fileBegin
                } else {
                    part = .ignored
                }
            case .body(let buffer):
                switch part {
                case .file: return .fileBytes(BufferChunk(buffer: buffer))
                case .field(let field, var bytes):
                    guard bytes.count + buffer.readableBytes <= BlockParts.maximumFieldLength else {
                        throw .invalid(field.rawValue, "is too long")
                    }
                    bytes.append(contentsOf: buffer.readableBytesView)
                    part = .field(field, bytes)
                case .none, .ignored:
                    ignored += buffer.readableBytes
                    guard ignored <= BlockParts.maximumIgnored else {
                        throw .invalid("body", "has too many bytes in parts that mean nothing")
                    }
                }
            case .partEnd:
                defer { part = .none }
                if case .field(let field, let bytes) = part {
                    return .field(field, String(decoding: bytes, as: UTF8.self))
                }
            case .end: break
            }
            return nil
        }
    }
}

/// Bytes in the buffer that they were received into.
struct BufferChunk: ByteChunk {
    let buffer: ByteBuffer

    var count: Int { buffer.readableBytes }

    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try buffer.withUnsafeReadableBytes(body)
    }

    func pinned() -> PinnedBytes {
        // The bytes stay where they are as long as their storage is held, and nobody writes to it.
        buffer.withUnsafeReadableBytesWithStorageManagement { bytes, _ in PinnedBytes(bytes, owner: buffer) }
    }
}
