import Hummingbird
import UploadCore

/// A request's body. What goes wrong while it is read is the connection's fault, whatever the transport calls it.
struct IncomingBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    typealias Failure = any Error

    private let body: RequestBody
    private let cutShort: UploadError

    /// - Parameter cutShort: what the route says when the body breaks off.
    init(_ body: RequestBody, cutShort: UploadError) {
        self.body = body
        self.cutShort = cutShort
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(body: body.makeAsyncIterator(), cutShort: cutShort)
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        private var body: RequestBody.AsyncIterator
        private let cutShort: UploadError

        fileprivate init(body: RequestBody.AsyncIterator, cutShort: UploadError) {
            self.body = body
            self.cutShort = cutShort
        }

        mutating func next(isolation actor: isolated (any Actor)?) async throws -> ByteBuffer? {
            do {
                return try await body.next(isolation: actor)
            } catch {
                throw UploadError(cutShort.code, cutShort.message, cause: error)
            }
        }
    }
}
