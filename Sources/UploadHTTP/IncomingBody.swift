import Hummingbird
import UploadCore

/// A request's body. What goes wrong while it is read is the connection's fault, whatever the transport calls it.
struct IncomingBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    typealias Failure = any Error

    private let body: RequestBody

    init(_ body: RequestBody) {
        self.body = body
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(body: body.makeAsyncIterator())
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        private var body: RequestBody.AsyncIterator

        fileprivate init(body: RequestBody.AsyncIterator) {
            self.body = body
        }

        mutating func next(isolation actor: isolated (any Actor)?) async throws -> ByteBuffer? {
            do {
                return try await body.next(isolation: actor)
            } catch {
                throw UploadError(.rangeWrong, UploadError.interrupted.message, cause: error)
            }
        }
    }
}
