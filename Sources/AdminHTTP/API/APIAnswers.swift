import HTTPTypes
import Hummingbird
import Logging
import UploadCore

extension Response {
    /// A JSON text.
    static func json(_ text: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    /// A record.
    static func json(_ value: some Encodable) throws -> Response {
        json(try OperatorJSON.text(value))
    }
}

/// Puts what the domain refuses into the words of HTTP.
struct APIFailures<Context: RequestContext>: RouterMiddleware {
    let logger: Logger

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as UploadError {
            let status = Self.status(of: error)
            if status.kind == .serverError {
                logger.error(
                    "an operator's request failed",
                    metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
            }
            let isTask = error.message == UploadError.noSuchTask.message
            throw HTTPError(status, message: isTask ? "there is no such task" : error.message)
        }
    }

    static func status(of error: UploadError) -> HTTPResponse.Status {
        switch error.code {
        case .noSuchTask: .notFound
        case .invalidParameter: .badRequest
        // A state that does not allow it, unless something made us wait.
        case .busy: error.cause == nil ? .conflict : .serviceUnavailable
        case .closed, .alreadyInState, .paused: .conflict
        case .storage: .serviceUnavailable
        case .unauthorised, .checksumMismatch, .rangeWrong, .tooLarge, .internalError: .internalServerError
        }
    }
}

/// Refuses what a page of somebody else's could have a browser send: forms can't set the header, and scripts of another
/// origin may not.
struct CrossSiteGuard<Context: RequestContext>: RouterMiddleware {
    private static var header: HTTPField.Name? { HTTPField.Name("X-Fupload-Admin") }

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard request.method != .get, request.method != .head else { return try await next(request, context) }
        guard let header = Self.header, request.headers[header] == "1" else {
            throw HTTPError(.forbidden, message: "a request that changes something needs the header X-Fupload-Admin: 1")
        }
        if let origin = request.headers[.origin] {
            let place = origin.split(separator: "/", maxSplits: 2).last.map(String.init)
            guard let place, place == request.head.authority else {
                throw HTTPError(.forbidden, message: "the request comes from a page of another origin")
            }
        }
        guard Self.isJSON(request.headers[.contentType]) else {
            throw HTTPError(.unsupportedMediaType, message: "Content-Type has to be application/json")
        }
        return try await next(request, context)
    }

    private static func isJSON(_ type: String?) -> Bool {
        type?.prefix { $0 != ";" && $0 != " " }.lowercased() == "application/json"
    }
}
