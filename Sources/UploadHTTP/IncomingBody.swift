import Hummingbird
import UploadCore

/// A request's body. What goes wrong while it is read is the connection's fault, whatever the transport calls it.
struct IncomingBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    typealias Failure = any Error

    private let body: RequestBody
    private let connection: ClientConnection
    private let cutShort: UploadError

    /// - Parameter cutShort: what the route says when the body breaks off.
    init(_ body: RequestBody, on connection: ClientConnection, cutShort: UploadError) {
        self.body = body
        self.connection = connection
        self.cutShort = cutShort
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(body: body.makeAsyncIterator(), connection: connection, cutShort: cutShort)
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        private var body: RequestBody.AsyncIterator
        /// `nil` once it knows that the body is read.
        private var connection: ClientConnection?
        private let cutShort: UploadError

        fileprivate init(body: RequestBody.AsyncIterator, connection: ClientConnection, cutShort: UploadError) {
            self.body = body
            self.connection = connection
            self.cutShort = cutShort
        }

        mutating func next(isolation actor: isolated (any Actor)?) async throws -> ByteBuffer? {
            connection?.wantBody()
            connection = nil
            do {
                return try await body.next(isolation: actor)
            } catch BodyFault.refused(let refusal) {
                throw refusal
            } catch {
                throw UploadError(cutShort.code, cutShort.message, cause: error)
            }
        }
    }
}
